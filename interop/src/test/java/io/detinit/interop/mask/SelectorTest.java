package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that a selection takes, the agreement of a threshold with the audit, and progress. */
class SelectorTest {

    private static final TensorShape SHAPE = TensorShape.of(300, 301);
    private static final InitPlan PLAN = new InitPlan(
            9,
            List.of(
                    new PlannedTensor("body.a", SHAPE, 0, Scheme.HE),
                    new PlannedTensor("body.b", SHAPE, 1, Scheme.HE),
                    new PlannedTensor("head", SHAPE, 2, Scheme.HE)));

    @TempDir
    Path folder;

    /** Half of the weights moved, some by exactly the threshold, some by next to nothing more, one is not a number. */
    private static TensorView trained(String name, DType dtype) {
        float[] w0 = PLAN.init(name).toArray();
        Random random = new Random(name.hashCode());
        ByteBuffer bytes = ByteBuffer.allocate(w0.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < w0.length; k++) {
            double moved = switch (random.nextInt(6)) {
                case 0 -> w0[k] + 0.001;
                case 1 -> w0[k] + 0.0010000001;
                case 2 -> w0[k] + random.nextGaussian() * 0.002;
                default -> w0[k];
            };
            double w = k == 77 ? Double.NaN : moved;
            switch (dtype) {
                case F64 -> bytes.putDouble(w);
                case BF16 -> bytes.putShort(ReducedPrecision.toBfloat16((float) w));
                case F16 -> bytes.putShort(ReducedPrecision.toFloat16((float) w));
                default -> bytes.putFloat((float) w);
            }
        }
        return ArrayTensor.of(new TensorInfo(name, dtype, SHAPE, TensorInfo.Kind.PARAMETER), bytes.flip());
    }

    private static List<TensorView> tensors(DType dtype) {
        return List.of(
                trained("body.a", dtype),
                trained("body.b", dtype),
                ArrayTensor.of("bias", TensorShape.of(3), new float[3]),
                trained("head", dtype));
    }

    private static Selection selection(List<String> include, List<String> exclude) {
        return new Selection(
                Criterion.MOVEMENT,
                new Selection.Sparsity(0.7),
                Selection.Scope.GLOBAL,
                new NameFilter(include, exclude));
    }

    private static Map<String, Mask> select(Selection selection) throws IOException {
        List<TensorView> tensors = tensors(DType.F32);
        return new Selector(Baseline.of(PLAN, tensors), 2).select(tensors, selection);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64", "F16", "BF16"})
    void aThresholdKeepsExactlyWhatTheAuditCallsMoved(DType dtype) throws IOException {
        Path path = folder.resolve("w.safetensors");
        SafetensorsWriter.write(path, tensors(dtype), Map.of());
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Baseline baseline = Baseline.of(PLAN, file.tensors());
            AuditOptions options = new AuditOptions(List.of(new Threshold(0.001)), 1, false);
            AuditReport report = new Auditor(options, 2).audit(file, baseline, done -> {});
            Selection selection =
                    new Selection(Criterion.MOVEMENT, new Selection.AtMost(0.001), Selection.Scope.GLOBAL);
            Map<String, Mask> masks = new Selector(baseline, 2).select(file.tensors(), selection);
            assertEquals(Set.of("body.a", "body.b", "head"), masks.keySet());
            for (TensorAudit tensor : report.tensors()) {
                if (tensor.audited()) {
                    Mask mask = masks.get(tensor.name());
                    assertEquals(tensor.moved(), mask.kept(), dtype + " " + tensor.name());
                    assertTrue(mask.kept() > 0 && mask.kept() < mask.size());
                    assertTrue(mask.keeps(77), "a NaN has moved");
                }
            }
        }
    }

    @Test
    void namesAreTakenAndLeftOut() throws IOException {
        assertEquals(
                Set.of("body.a", "body.b"),
                select(selection(List.of("body.*"), List.of())).keySet());
        assertEquals(
                Set.of("head"), select(selection(List.of(), List.of("body.?"))).keySet());
        assertEquals(
                Set.of("body.b"),
                select(selection(List.of("body.*", "head"), List.of("*.a", "h*", "bias")))
                        .keySet());
        Map<String, Mask> two = select(selection(List.of(), List.of("head")));
        long pruned = two.values().stream()
                .mapToLong(mask -> mask.size() - mask.kept())
                .sum();
        assertEquals(Math.round(0.7 * 2 * SHAPE.elements()), pruned, "the fraction is of what is prunable");
        assertEquals(new NameFilter(List.of("a*"), List.of()).takes("ba"), false, "the whole name must fit");
    }

    @Test
    void patternsThatDoNothingAreNamed() {
        assertEquals(
                "the pattern 'haed' fits no tensor of the file",
                assertThrows(IllegalArgumentException.class, () -> select(selection(List.of(), List.of("haed"))))
                        .getMessage());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> select(selection(List.of("bias"), List.of())))
                .getMessage()
                .contains("a name that the patterns take"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void progressEndsAtOne(int threads) throws IOException {
        List<TensorView> tensors = tensors(DType.F32);
        Selector selector = new Selector(Baseline.of(PLAN, tensors), threads);
        for (Selection.Target target : List.of(new Selection.Sparsity(0.5), new Selection.AtMost(0.1))) {
            for (Selection.Scope scope : Selection.Scope.values()) {
                List<Double> seen = new ArrayList<>();
                selector.select(tensors, new Selection(Criterion.MOVEMENT, target, scope), seen::add);
                List<Double> sorted = new ArrayList<>(seen);
                Collections.sort(sorted);
                assertEquals(sorted, seen);
                assertEquals(1, seen.get(seen.size() - 1), 1e-12);
            }
        }
    }
}
