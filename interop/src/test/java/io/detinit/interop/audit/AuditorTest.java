package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditorTest {

    private static final TensorShape SHAPE = TensorShape.of(300, 700);
    private static final InitPlan PLAN = new InitPlan(
            42,
            List.of(
                    new PlannedTensor("w", SHAPE, 0, Scheme.HE),
                    new PlannedTensor("b", TensorShape.of(300), -1, Scheme.ZEROS)));

    /** Rows 0..9 and columns 0..19 stay where they were; a third of the rest moves. */
    private static float[] trained() {
        float[] w = PLAN.init("w").toArray();
        Random random = new Random(7);
        for (int k = 0; k < w.length; k++) {
            boolean fixed = k / 700 < 10 || k % 700 < 20;
            if (!fixed && random.nextInt(3) == 0) {
                w[k] += (float) (random.nextGaussian() * 1e-3);
            }
        }
        return w;
    }

    private static List<TensorView> tensors(float[] w) {
        float[] bias = new float[300];
        bias[5] = 0.5f;
        return List.of(ArrayTensor.of("w", SHAPE, w), ArrayTensor.of("b", TensorShape.of(300), bias));
    }

    private static AuditReport audit(List<TensorView> tensors, int threads) throws IOException {
        List<Threshold> thresholds = List.of(new Threshold(1e-5), new Threshold(0), new Threshold(1e-3));
        return new Auditor(new AuditOptions(thresholds, 1, false), threads).audit(tensors, Baseline.of(PLAN, tensors));
    }

    private static AuditReport audit(InitPlan plan, Threshold threshold, TensorView tensor) throws IOException {
        return new Auditor(AuditOptions.of(threshold), 1).audit(List.of(tensor), Baseline.of(plan, List.of(tensor)));
    }

    @Test
    void figuresEqualThePlainDefinition() throws IOException {
        float[] w = trained();
        float[] w0 = PLAN.init("w").toArray();
        long[] moved = new long[3];
        long identical = 0;
        long flips = 0;
        double sum = 0;
        double squares = 0;
        double max = 0;
        for (int k = 0; k < w.length; k++) {
            float delta = Math.abs(w[k] - w0[k]);
            moved[0] += delta > 1e-5f ? 1 : 0;
            moved[1] += delta > 0 ? 1 : 0;
            moved[2] += delta > 1e-3f ? 1 : 0;
            identical += Float.floatToRawIntBits(w[k]) == Float.floatToRawIntBits(w0[k]) ? 1 : 0;
            flips += w[k] * w0[k] < 0 ? 1 : 0;
            double exact = Math.abs((double) w[k] - w0[k]);
            sum += exact;
            squares += exact * exact;
            max = Math.max(max, delta);
        }
        AuditReport report = audit(tensors(w), 2);
        TensorAudit audit = report.tensors().get(0);
        assertEquals(List.of(moved[0], moved[1], moved[2]), audit.movedAt());
        assertEquals(identical, audit.figures().bitIdentical());
        assertEquals(flips, audit.figures().signFlips());
        assertEquals(sum / w.length, audit.figures().meanAbsDelta(), 1e-15);
        assertEquals(Math.sqrt(squares / w.length), audit.figures().rmsDelta(), 1e-15);
        assertEquals(max, audit.figures().maxAbsDelta());
        assertEquals(20, audit.deadInputs().orElseThrow());
        assertEquals(10, audit.deadUnits().orElseThrow());
        assertTrue(audit.correlation().orElseThrow() > 0.99);
        assertEquals(moved[0] + 1, report.moved(), "one bias moved");
        assertEquals(w.length + 300, report.elements());
        assertEquals(100, report.movedPercent() + report.sleepingPercent(), 1e-12);
        assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
        assertTrue(report.tensors().get(1).correlation().isEmpty(), "zeros have no correlation");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7, 16})
    void theFiguresDoNotDependOnThreads(int threads) throws IOException {
        List<TensorView> tensors = tensors(trained());
        assertEquals(audit(tensors, 1), audit(tensors, threads));
    }

    @Test
    void anotherSeedIsRefused() throws IOException {
        float[] w = new TensorInit(43, 0, SHAPE, Scheme.HE).toArray();
        AuditReport report = audit(tensors(w), 1);
        // |r| sqrt(n) is standard normal: a match by chance has the probability 1e-6 (and this seed is fixed)
        assertEquals(Provenance.Verdict.NO_MATCH, report.provenance().verdict());
        assertEquals(0, report.provenance().correlation(), 0.02);
    }

    @Test
    void tooFewWeightsAreUndecided() throws IOException {
        InitPlan small = new InitPlan(1, List.of(new PlannedTensor("w", TensorShape.of(2, 3), 0, Scheme.HE)));
        float[] w = {1, -1, 2, -2, 3, -3};
        AuditReport report = audit(small, Threshold.DEFAULT, ArrayTensor.of("w", TensorShape.of(2, 3), w));
        assertEquals(Provenance.Verdict.UNDECIDED, report.provenance().verdict());
    }

    @Test
    void notANumberHasMoved() throws IOException {
        float[] w = PLAN.init("w").toArray();
        w[3] = Float.NaN;
        w[4] = Float.POSITIVE_INFINITY;
        TensorAudit audit = audit(tensors(w), 1).tensors().get(0);
        assertEquals(2, audit.moved());
        assertEquals(2, audit.figures().notFinite());
        assertEquals(0, audit.figures().maxAbsDelta());
    }

    @Test
    void thresholdsAreComparedInFloat32() throws IOException {
        TensorShape one = TensorShape.of(1, 1);
        InitPlan zero = new InitPlan(0, List.of(new PlannedTensor("w", one, -1, Scheme.ZEROS)));
        Threshold tenth = new Threshold(0.1);
        // 0.1f is larger than the double 0.1; in float32 they are equal, so it has not moved
        assertEquals(
                0,
                audit(zero, tenth, ArrayTensor.of("w", one, new float[] {0.1f})).moved());
        assertEquals(
                1,
                audit(zero, tenth, ArrayTensor.of("w", one, new float[] {Math.nextUp(0.1f)}))
                        .moved());
    }

    @ParameterizedTest
    @ValueSource(strings = {"F16", "BF16", "F64"})
    void otherPrecisionsAreComparedInTheirOwn(String name) throws IOException {
        DType dtype = DType.valueOf(name);
        TensorInit init = PLAN.init("w");
        ByteBuffer bytes =
                ByteBuffer.allocate((int) SHAPE.elements() * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (long k = 0; k < SHAPE.elements(); k++) {
            float w0 = init.weight(k / 700, k % 700);
            switch (dtype) {
                case F16 -> bytes.putShort(ReducedPrecision.toFloat16(w0));
                case BF16 -> bytes.putShort(ReducedPrecision.toBfloat16(w0));
                default -> bytes.putDouble(init.weightAsDouble(k / 700, k % 700) + (k == 5 ? 1e-12 : 0));
            }
        }
        TensorInfo info = new TensorInfo("w", dtype, SHAPE, TensorInfo.Kind.PARAMETER);
        List<TensorView> tensors = new ArrayList<>(tensors(trained()));
        tensors.set(0, ArrayTensor.of(info, bytes.flip()));
        TensorAudit audit = audit(tensors, 2).tensors().get(0);
        long expected = dtype == DType.F64 ? 1 : 0;
        assertEquals(SHAPE.elements() - expected, audit.figures().bitIdentical());
        assertEquals(List.of(0L, expected, 0L), audit.movedAt());
    }

    @Test
    void plansOfAnotherModelAreRefused() {
        TensorView wrong = ArrayTensor.of("w", TensorShape.of(2, 2), new float[4]);
        assertThrows(InvalidPlanException.class, () -> audit(List.of(wrong), 1));
        TensorView only = ArrayTensor.of("b", TensorShape.of(300), new float[300]);
        String message = assertThrows(InvalidPlanException.class, () -> audit(List.of(only), 1))
                .getMessage();
        assertTrue(message.contains("[w]"), message);
        assertThrows(IllegalArgumentException.class, () -> new Threshold(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Threshold(-1));
    }

    @Test
    void movementOfAnArray() {
        TensorInit init = PLAN.init("w");
        float[] w = trained();
        Movement movement = Movement.of(w, init, 1e-5);
        assertEquals(movement.audit().moved() * 100.0 / w.length, movement.movedPercent());
        assertEquals(100, movement.movedPercent() + movement.sleepingPercent(), 1e-12);
        assertThrows(IllegalArgumentException.class, () -> Movement.of(new float[3], init, 1e-5));
        assertArrayEquals(w, trained(), "the weights are not changed");
    }
}
