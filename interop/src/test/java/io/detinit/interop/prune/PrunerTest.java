package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Selection and pruning against a plain sort of all weights. */
class PrunerTest {

    private static final TensorShape A = TensorShape.of(200, 401);
    private static final TensorShape B = TensorShape.of(7, 11);
    private static final InitPlan PLAN = new InitPlan(
            3,
            List.of(
                    new PlannedTensor("a", A, 0, Scheme.HE),
                    new PlannedTensor("bias", TensorShape.of(200), -1, Scheme.ZEROS),
                    new PlannedTensor("b", B, 1, Scheme.LECUN)));

    @TempDir
    Path folder;

    /** Quantised movement gives many ties. */
    private static float[] trained(String name, long seed) {
        float[] w = PLAN.init(name).toArray();
        Random random = new Random(seed);
        for (int k = 0; k < w.length; k++) {
            w[k] += random.nextInt(4) * 0.25f;
        }
        return w;
    }

    private static List<TensorView> tensors() {
        return List.of(
                ArrayTensor.of("a", A, trained("a", 1)),
                ArrayTensor.of("bias", TensorShape.of(200), new float[200]),
                ArrayTensor.of("b", B, trained("b", 2)));
    }

    private record Ranked(int tensor, int element, float score) {}

    /** The kept elements by sorting: score first, then address. */
    private static boolean[][] reference(Criterion criterion, double sparsity, boolean global) {
        List<Ranked> all = new ArrayList<>();
        float[][] weights = {trained("a", 1), trained("b", 2)};
        boolean[][] keep = new boolean[2][];
        for (int t = 0; t < 2; t++) {
            float[] w0 = PLAN.init(t == 0 ? "a" : "b").toArray();
            keep[t] = new boolean[w0.length];
            java.util.Arrays.fill(keep[t], true);
            for (int k = 0; k < w0.length; k++) {
                float score = Math.abs(criterion == Criterion.MOVEMENT ? weights[t][k] - w0[k] : weights[t][k]);
                all.add(new Ranked(t, k, score));
            }
        }
        all.sort(Comparator.comparingDouble(Ranked::score)
                .thenComparingInt(Ranked::tensor)
                .thenComparingInt(Ranked::element));
        long[] quota = {
            Math.round(sparsity * (global ? all.size() : keep[0].length)), Math.round(sparsity * keep[1].length)
        };
        for (Ranked one : all) {
            int group = global ? 0 : one.tensor();
            if (quota[group] > 0) {
                quota[group]--;
                keep[one.tensor()][one.element()] = false;
            }
        }
        return keep;
    }

    private static Baseline baseline(List<TensorView> tensors) throws IOException {
        return Baseline.of(PLAN, tensors);
    }

    @ParameterizedTest
    @CsvSource({
        "movement,0.5,global",
        "movement,0.5,layer",
        "movement,0.69,global",
        "magnitude,0.69,global",
        "magnitude,0.123,layer",
        "movement,0,global",
        "movement,1,global",
        "movement,0.00001,global",
        "magnitude,0.999,layer"
    })
    void selectsExactlyWhatASortWould(String criterion, double sparsity, String scope) throws IOException {
        Selection selection = new Selection(
                Criterion.parse(criterion),
                new Selection.Sparsity(sparsity),
                scope.equals("global") ? Selection.Scope.GLOBAL : Selection.Scope.LAYER);
        boolean[][] expected = reference(Criterion.parse(criterion), sparsity, scope.equals("global"));
        for (int threads : new int[] {1, 3}) {
            Map<String, Mask> masks = new Selector(baseline(tensors()), threads).select(tensors(), selection);
            assertEquals(List.of("a", "b"), List.copyOf(masks.keySet()), "biases are not prunable");
            for (int t = 0; t < 2; t++) {
                Mask mask = masks.get(t == 0 ? "a" : "b");
                assertEquals(expected[t].length, mask.size());
                for (int k = 0; k < expected[t].length; k++) {
                    assertEquals(expected[t][k], mask.keeps(k));
                }
            }
        }
    }

    @Test
    void aThresholdKeepsExactlyTheMovedWeights() throws IOException {
        Selection selection = new Selection(Criterion.MOVEMENT, new Selection.AtMost(0.25), Selection.Scope.GLOBAL);
        Mask mask = new Selector(baseline(tensors()), 2)
                .select(tensors(), selection)
                .get("a");
        Mask plain = Mask.ofMoved(trained("a", 1), PLAN.init("a"), 0.25);
        assertEquals(plain.kept(), mask.kept());
        assertTrue(plain.kept() > 0 && plain.kept() < plain.size());
        for (int k = 0; k < mask.size(); k++) {
            assertEquals(plain.keeps(k), mask.keeps(k));
        }
    }

    @ParameterizedTest
    @CsvSource({"zero", "init"})
    void writesTheFillAndKeepsTheRest(String fill) throws IOException {
        Path in = folder.resolve("in.safetensors");
        Path out = folder.resolve("out.safetensors");
        SafetensorsWriter.write(in, tensors(), Map.of("note", "kept"));
        Selection selection = new Selection(Criterion.MOVEMENT, new Selection.Sparsity(0.6), Selection.Scope.GLOBAL);
        boolean[][] keep = reference(Criterion.MOVEMENT, 0.6, true);
        try (SafetensorsFile file = SafetensorsFile.open(in)) {
            PruneReport report = new Pruner(Baseline.of(new Plan.Addressed(PLAN), file), 2)
                    .prune(file, selection, Fill.parse(fill), Destination.dense(out, Map.of("detinit.prune", "{}")));
            assertEquals(Math.round(0.6 * report.prunable()), report.prunable() - report.kept());
        }
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertEquals("kept", file.metadata().get("note"));
            for (int t = 0; t < 2; t++) {
                String name = t == 0 ? "a" : "b";
                float[] trained = trained(name, t + 1);
                float[] w0 = PLAN.init(name).toArray();
                float[] found = new float[trained.length];
                file.find(name).orElseThrow().readFloats(0, found, 0, found.length);
                float[] expected = new float[trained.length];
                for (int k = 0; k < expected.length; k++) {
                    expected[k] = keep[t][k] ? trained[k] : fill.equals("zero") ? 0 : w0[k];
                }
                assertArrayEquals(expected, found);
            }
        }
    }

    @Test
    void arraysCanBePrunedWithoutAFile() {
        TensorInit init = PLAN.init("b");
        float[] w = trained("b", 2);
        Mask mask = Mask.ofMoved(w, init, 1e-5);
        float[] zeroed = Fill.ZERO.apply(w, mask, init);
        float[] back = Fill.INIT.apply(w, mask, init);
        for (int k = 0; k < w.length; k++) {
            assertEquals(mask.keeps(k) ? w[k] : 0, zeroed[k]);
            assertEquals(mask.keeps(k) ? w[k] : init.weight(k / 11, k % 11), back[k]);
        }
        assertThrows(IllegalArgumentException.class, () -> Fill.ZERO.apply(new float[3], mask, init));
        assertThrows(IndexOutOfBoundsException.class, () -> mask.keeps(77));
    }

    @Test
    void wrongRequestsAreNamed() {
        assertThrows(IllegalArgumentException.class, () -> new Selection.Sparsity(69));
        assertThrows(IllegalArgumentException.class, () -> new Selection.Sparsity(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Selection.AtMost(-1));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Criterion.parse("taylor"))
                .getMessage()
                .contains("movement, magnitude"));
        assertThrows(IllegalArgumentException.class, () -> Fill.parse("mean"));
        Selection half = new Selection(Criterion.MOVEMENT, new Selection.Sparsity(0.5), Selection.Scope.GLOBAL);
        assertThrows(
                IllegalArgumentException.class,
                () -> new Selector(baseline(tensors()), 1)
                        .select(List.of(ArrayTensor.of("x", B, new float[77])), half));
        assertFalse(half.criterion() == Criterion.MAGNITUDE);
    }
}
