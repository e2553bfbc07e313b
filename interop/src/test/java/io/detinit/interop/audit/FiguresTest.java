package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FiguresTest {

    private static final int ROWS = 230;
    private static final int COLS = 711;
    private static final TensorShape SHAPE = TensorShape.of(ROWS, COLS);
    private static final InitPlan PLAN = plan(SHAPE, StoredOrder.OUT_IN);

    private static InitPlan plan(TensorShape shape, StoredOrder stored) {
        return new InitPlan(5, List.of(new PlannedTensor("w", shape, 3, Scheme.HE, stored)));
    }

    /** Deltas of many sizes, some rows and columns at rest, some signs flipped. */
    private static float[] trained() {
        float[] w = PLAN.init("w").toArray();
        Random random = new Random(3);
        for (int k = 0; k < w.length; k++) {
            boolean fixed = k / COLS % 50 == 7 || k % COLS < 9 || k % COLS == 700;
            if (!fixed && random.nextInt(4) > 0) {
                w[k] += (float) (random.nextGaussian() * Math.pow(10, -1 - random.nextInt(6)));
            }
        }
        return w;
    }

    private static AuditReport audit(AuditOptions options, TensorView tensor, InitPlan plan) throws IOException {
        return new Auditor(options, 2).audit(List.of(tensor), Baseline.of(plan, List.of(tensor)));
    }

    private static Figures figures(float[] w, Threshold... thresholds) throws IOException {
        return audit(AuditOptions.of(thresholds), ArrayTensor.of("w", SHAPE, w), PLAN)
                .tensors()
                .get(0)
                .figures();
    }

    @Test
    void sumsAndCountsEqualThePlainDefinition() throws IOException {
        float[] w = trained();
        float[] w0 = PLAN.init("w").toArray();
        double ww = 0;
        double w0w0 = 0;
        double ww0 = 0;
        double squares = 0;
        long towards = 0;
        long away = 0;
        for (int k = 0; k < w.length; k++) {
            ww += (double) w[k] * w[k];
            w0w0 += (double) w0[k] * w0[k];
            ww0 += (double) w[k] * w0[k];
            squares += Math.pow((double) w[k] - w0[k], 2);
            towards += Math.abs(w[k]) < Math.abs(w0[k]) ? 1 : 0;
            away += Math.abs(w[k]) > Math.abs(w0[k]) ? 1 : 0;
        }
        Figures figures = figures(w, Threshold.DEFAULT);
        double std = Math.sqrt(2.0 / COLS);
        assertEquals(ww0 / Math.sqrt(ww * w0w0), figures.cosine().orElseThrow(), 1e-12);
        assertEquals(towards, figures.towardsZero());
        assertEquals(away, figures.awayFromZero());
        assertEquals(std, figures.initStd());
        assertEquals(
                Math.sqrt(squares / w.length) / std, figures.relativeRmsDelta().orElseThrow(), 1e-7);
        assertEquals(Math.ulp((float) std), figures.spacing());
    }

    @Test
    void quantilesAndHistogramEqualSortedDeltas() throws IOException {
        float[] w = trained();
        float[] sorted = sortedDeltas(w);
        Figures figures = figures(w, Threshold.DEFAULT);
        assertEquals(6, figures.quantiles().size());
        for (Figures.Quantile quantile : figures.quantiles()) {
            double exact = sorted[(int) Math.ceil(quantile.q() * sorted.length) - 1];
            assertEquals(exact, quantile.value(), 0.008 * exact, "q = " + quantile.q());
        }
        DeltaHistogram histogram = figures.histogram();
        long zeros =
                IntStream.range(0, sorted.length).filter(k -> sorted[k] == 0).count();
        assertEquals(zeros, histogram.zero());
        assertEquals(sorted.length, histogram.counted());
        long sum = histogram.zero();
        for (int bin = 0; bin < histogram.counts().size(); bin++) {
            double low = Math.scalb(1.0, histogram.firstExponent() + bin);
            long expected = IntStream.range(0, sorted.length)
                    .filter(k -> sorted[k] >= low && sorted[k] < 2 * low)
                    .count();
            assertEquals(expected, histogram.counts().get(bin), "2^" + (histogram.firstExponent() + bin));
            sum += expected;
        }
        assertEquals(sorted.length, sum);
    }

    @Test
    void subnormalDeltasHaveTheFirstPowerOfTwo() throws IOException {
        InitPlan zeros = new InitPlan(5, List.of(new PlannedTensor("w", SHAPE, 3, Scheme.ZEROS, StoredOrder.OUT_IN)));
        float[] w = new float[ROWS * COLS];
        w[7] = -1e-39f;
        w[8] = 1.5f;
        DeltaHistogram histogram = audit(AuditOptions.of(Threshold.DEFAULT), ArrayTensor.of("w", SHAPE, w), zeros)
                .total()
                .histogram();
        assertEquals(-127, histogram.firstExponent());
        assertEquals(
                List.of(1L, 1L),
                List.of(histogram.counts().get(0), histogram.counts().get(127)));
        assertEquals(128, histogram.counts().size());
        assertEquals(w.length - 2, histogram.zero());
    }

    @Test
    void meansOfEqualDeltasAreNotAboveTheLargest() throws IOException {
        InitPlan constant =
                new InitPlan(5, List.of(new PlannedTensor("w", SHAPE, 3, Scheme.constant(0.1), StoredOrder.OUT_IN)));
        for (float value : new float[] {1.7f, 17.3f, 1e8f, -0.3f}) {
            float[] w = new float[ROWS * COLS];
            Arrays.fill(w, value);
            Figures figures = audit(AuditOptions.of(Threshold.DEFAULT), ArrayTensor.of("w", SHAPE, w), constant)
                    .total();
            assertEquals(Math.abs(value - 0.1f), figures.maxAbsDelta());
            assertTrue(figures.meanAbsDelta() <= figures.maxAbsDelta(), value + ": " + figures.meanAbsDelta());
            assertTrue(figures.rmsDelta() <= figures.maxAbsDelta(), value + ": " + figures.rmsDelta());
            assertEquals(figures.maxAbsDelta(), figures.meanAbsDelta(), 1e-7 * figures.maxAbsDelta());
        }
    }

    private static float[] sortedDeltas(float[] w) {
        float[] w0 = PLAN.init("w").toArray();
        float[] deltas = new float[w.length];
        for (int k = 0; k < w.length; k++) {
            deltas[k] = Math.abs(w[k] - w0[k]);
        }
        Arrays.sort(deltas);
        return deltas;
    }

    @Test
    void severalKindsOfThresholdsAtOnce() throws IOException {
        float[] w = trained();
        float[] w0 = PLAN.init("w").toArray();
        float[] sorted = sortedDeltas(w);
        double std = Math.sqrt(2.0 / COLS);
        float quantile = sorted[(int) Math.ceil(0.9 * sorted.length) - 1];
        long[] expected = new long[4];
        for (int k = 0; k < w.length; k++) {
            float delta = Math.abs(w[k] - w0[k]);
            expected[0] += delta > quantile ? 1 : 0;
            expected[1] += delta > (float) (0.25 * std) ? 1 : 0;
            expected[2] += steps(w[k], w0[k]) > 1000 ? 1 : 0;
            expected[3] += delta > 1e-3f ? 1 : 0;
        }
        Figures figures = figures(
                w,
                new Threshold(0.9, Threshold.Kind.QUANTILE),
                new Threshold(0.25, Threshold.Kind.STD),
                new Threshold(1000, Threshold.Kind.ULP),
                new Threshold(1e-3));
        assertEquals(Arrays.stream(expected).boxed().toList(), figures.movedAt());
        assertEquals(List.of((double) quantile, 0.25 * std, 1000.0, 1e-3), figures.limits());
        assertTrue(expected[0] <= 0.1 * w.length && expected[0] > 0.09 * w.length);
    }

    /** Steps between neighbouring floats, one at a time where they are few. */
    private static long steps(float a, float b) {
        float from = Math.min(a, b);
        float to = Math.max(a, b);
        for (int count = 0; count <= 1000; count++) {
            if (from == to) {
                return count;
            }
            from = Math.nextUp(from);
        }
        return Long.MAX_VALUE;
    }

    @Test
    void relativeToAConstantIsRelativeToItsSize() throws IOException {
        InitPlan plan = new InitPlan(
                0,
                List.of(
                        new PlannedTensor("zeros", TensorShape.of(2), -1, Scheme.ZEROS),
                        new PlannedTensor("ones", TensorShape.of(2), -1, Scheme.ONES)));
        List<TensorView> tensors = List.of(
                ArrayTensor.of("zeros", TensorShape.of(2), new float[] {0, 1e-30f}),
                ArrayTensor.of("ones", TensorShape.of(2), new float[] {1.09f, 1.11f}));
        AuditReport report = new Auditor(AuditOptions.of(new Threshold(0.1, Threshold.Kind.STD)), 1)
                .audit(tensors, Baseline.of(plan, tensors));
        assertEquals(1, report.tensors().get(0).moved());
        assertEquals(1, report.tensors().get(1).moved());
        assertTrue(Double.isNaN(report.total().limits().get(0)), "it differs from tensor to tensor");
        assertTrue(report.total().relativeRmsDelta().isEmpty());
    }

    @Test
    void decayIsUndone() throws IOException {
        double factor = Math.pow(1 - 0.1 * 5e-4, 469);
        float[] w = PLAN.init("w").toArray();
        Random random = new Random(8);
        for (int k = 0; k < w.length; k++) {
            w[k] = (float) (w[k] * factor);
            if (random.nextInt(10) < 7) {
                w[k] += (float) (random.nextGaussian() * 1e-2);
            }
        }
        TensorView tensor = ArrayTensor.of("w", SHAPE, w);
        AuditReport plain = audit(AuditOptions.of(Threshold.DEFAULT), tensor, PLAN);
        assertTrue(plain.movedPercent() > 99 && plain.total().bitIdentical() < w.length / 1000);
        SharedFactor found = plain.suspectedDecay().orElseThrow();
        assertEquals(factor, found.factor(), 2e-4);
        assertEquals(0.3, found.share(), 0.03);
        assertEquals(-Math.log(factor), found.decay(), 2e-4);

        AuditReport undone = audit(AuditOptions.of(Threshold.DEFAULT).withDecay(factor), tensor, PLAN);
        assertEquals(70, undone.movedPercent(), 1);
        long still = undone.elements() - undone.movedAt(0);
        assertTrue(Math.abs(still - undone.total().bitIdentical()) < 200);
        assertTrue(undone.suspectedDecay().isEmpty());
    }

    @Test
    void movementWithoutDecayIsNotCalledDecay() throws IOException {
        float[] w = PLAN.init("w").toArray();
        Random random = new Random(9);
        for (int k = 0; k < w.length; k++) {
            w[k] += (float) (random.nextGaussian() * 1e-3);
        }
        AuditReport report = audit(AuditOptions.of(Threshold.DEFAULT), ArrayTensor.of("w", SHAPE, w), PLAN);
        assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
        assertTrue(report.suspectedDecay().isEmpty());
    }

    @Test
    void linesEqualThePlainDefinition() throws IOException {
        float[] w = trained();
        float[] w0 = PLAN.init("w").toArray();
        TensorAudit audit = audit(AuditOptions.of(Threshold.DEFAULT).withLines(), ArrayTensor.of("w", SHAPE, w), PLAN)
                .tensors()
                .get(0);
        MovedLines lines = audit.lines().orElseThrow();
        double[] rows = new double[ROWS];
        double[] cols = new double[COLS];
        boolean[] rowMoved = new boolean[ROWS];
        boolean[] colMoved = new boolean[COLS];
        double[][] cells = new double[48][96];
        int[][] counts = new int[48][96];
        for (int k = 0; k < w.length; k++) {
            float delta = Math.abs(w[k] - w0[k]);
            rows[k / COLS] += delta / (double) COLS;
            cols[k % COLS] += delta / (double) ROWS;
            rowMoved[k / COLS] |= delta > 1e-5f;
            colMoved[k % COLS] |= delta > 1e-5f;
            cells[k / COLS * 48 / ROWS][k % COLS * 96 / COLS] += delta;
            counts[k / COLS * 48 / ROWS][k % COLS * 96 / COLS]++;
        }
        assertEquals(IntStream.range(0, ROWS).filter(r -> !rowMoved[r]).boxed().toList(), lines.unmovedRows());
        assertEquals(IntStream.range(0, COLS).filter(c -> !colMoved[c]).boxed().toList(), lines.unmovedCols());
        assertEquals(5, lines.unmovedRows().size());
        assertEquals(10, lines.unmovedCols().size());
        assertEquals(10, audit.deadInputs().orElseThrow());
        assertEquals(5, audit.deadUnits().orElseThrow());
        for (int r = 0; r < ROWS; r++) {
            assertEquals(rows[r], lines.rowMeans().get(r), 1e-12);
        }
        for (int c = 0; c < COLS; c++) {
            assertEquals(cols[c], lines.colMeans().get(c), 1e-12);
        }
        assertEquals(48, lines.picture().rows());
        assertEquals(96, lines.picture().cols());
        for (int cell = 0; cell < 48 * 96; cell++) {
            double expected = cells[cell / 96][cell % 96] / counts[cell / 96][cell % 96];
            assertEquals(expected, lines.picture().means().get(cell), 1e-12);
        }
        List<Integer> most = lines.mostMovedRows(3);
        assertEquals(3, most.size());
        assertEquals(Arrays.stream(rows).max().orElseThrow(), rows[most.get(0)], 1e-12);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 100})
    void theFiguresDependNeitherOnThreadsNorOnChunks(int bands) throws IOException {
        TensorView tensor = ArrayTensor.of("w", SHAPE, trained());
        Baseline baseline = Baseline.of(PLAN, List.of(tensor));
        AuditOptions options =
                new AuditOptions(List.of(new Threshold(1e-4), new Threshold(0.5, Threshold.Kind.QUANTILE)), 1, true);
        AuditReport expected = new Auditor(options, 1, 1).audit(List.of(tensor), baseline);
        for (int threads : new int[] {1, 2, 5}) {
            assertEquals(expected, new Auditor(options, threads, bands).audit(List.of(tensor), baseline));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "BF16", "F32", "F64"})
    void aTransposedFileGivesTheSameFigures(DType dtype) throws IOException {
        float[] w = trained();
        ByteBuffer plain = ByteBuffer.allocate(w.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer turned = ByteBuffer.allocate(w.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLS; j++) {
                put(plain, i * COLS + j, w[i * COLS + j], dtype);
                put(turned, j * ROWS + i, w[i * COLS + j], dtype);
            }
        }
        TensorShape other = TensorShape.of(COLS, ROWS);
        AuditOptions options = AuditOptions.of(Threshold.DEFAULT).withLines();
        TensorAudit straight =
                audit(options, tensor(dtype, SHAPE, plain), PLAN).tensors().get(0);
        TensorAudit across = audit(options, tensor(dtype, other, turned), plan(SHAPE, StoredOrder.IN_OUT))
                .tensors()
                .get(0);
        assertEquals(straight.figures(), across.figures());
        assertEquals(straight.lines(), across.lines());
        assertEquals(straight.provenance(), across.provenance());
        assertEquals(other, across.shape());
        assertEquals(StoredOrder.IN_OUT, across.stored());
    }

    private static TensorView tensor(DType dtype, TensorShape shape, ByteBuffer bytes) {
        return ArrayTensor.of(new TensorInfo("w", dtype, shape, TensorInfo.Kind.PARAMETER), bytes);
    }

    private static void put(ByteBuffer bytes, int index, float value, DType dtype) {
        switch (dtype) {
            case F16 -> bytes.putShort(2 * index, ReducedPrecision.toFloat16(value));
            case BF16 -> bytes.putShort(2 * index, ReducedPrecision.toBfloat16(value));
            case F32 -> bytes.putFloat(4 * index, value);
            default -> bytes.putDouble(8 * index, value);
        }
    }

    @Test
    void aLargeTensorIsCountedInPart() throws IOException {
        TensorShape large = TensorShape.of(40, 1 << 16);
        InitPlan plan = plan(large, StoredOrder.OUT_IN);
        float[] w = plan.init("w").toArray();
        Random random = new Random(4);
        for (int k = 0; k < w.length; k++) {
            w[k] += (float) (random.nextGaussian() * 1e-3);
        }
        TensorView tensor = ArrayTensor.of("w", large, w);
        Figures part = audit(AuditOptions.of(Threshold.DEFAULT), tensor, plan).total();
        Figures whole = audit(AuditOptions.of(Threshold.DEFAULT).withLines(), tensor, plan)
                .total();
        for (int bands : new int[] {1, 3, 7}) {
            AuditReport other = new Auditor(AuditOptions.of(Threshold.DEFAULT), 3, bands)
                    .audit(List.of(tensor), Baseline.of(plan, List.of(tensor)));
            assertEquals(part, other.total(), bands + " bands in a chunk");
        }
        assertEquals(w.length / 4, part.histogram().counted());
        assertEquals(w.length, whole.histogram().counted());
        assertEquals(whole.movedAt(), part.movedAt());
        assertEquals(whole.rmsDelta(), part.rmsDelta());
        for (int k = 0; k < part.quantiles().size(); k++) {
            double exact = whole.quantiles().get(k).value();
            assertEquals(exact, part.quantiles().get(k).value(), 0.02 * exact);
        }
        long sum = part.histogram().zero()
                + part.histogram().counts().stream().mapToLong(Long::longValue).sum();
        assertEquals(w.length, sum, "counts stand for all elements");
    }

    @Test
    void anEmptyTensorAndAScalar() throws IOException {
        InitPlan plan = new InitPlan(
                1,
                List.of(
                        new PlannedTensor("empty", TensorShape.of(0, 3), -1, Scheme.ZEROS),
                        new PlannedTensor("scalar", TensorShape.of(), -1, Scheme.constant(0.25))));
        List<TensorView> tensors = List.of(
                ArrayTensor.of("empty", TensorShape.of(0, 3), new float[0]),
                ArrayTensor.of("scalar", TensorShape.of(), new float[] {0.5f}));
        AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT).withLines(), 2)
                .audit(tensors, Baseline.of(plan, tensors));
        assertEquals(1, report.elements());
        assertEquals(1, report.moved());
        assertEquals(0.25, report.total().maxAbsDelta());
        assertTrue(report.tensors().get(0).audited());
        assertFalse(report.tensors().get(0).deadUnits().isPresent());
    }

    @Test
    void optionsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new AuditOptions(List.of(), 1, false));
        assertThrows(
                IllegalArgumentException.class,
                () -> AuditOptions.of(Threshold.DEFAULT).withDecay(0));
        assertThrows(
                IllegalArgumentException.class,
                () -> AuditOptions.of(Threshold.DEFAULT).withDecay(1.1));
        assertThrows(IllegalArgumentException.class, () -> new Threshold(1, Threshold.Kind.QUANTILE));
        assertThrows(IllegalArgumentException.class, () -> Threshold.Kind.parse("percent"));
    }
}
