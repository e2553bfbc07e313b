package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.internal.DeltaBlock;
import io.detinit.generator.internal.DeltaLoop;
import io.detinit.generator.internal.DeltaLoops;
import io.detinit.generator.internal.Kernels;
import io.detinit.generator.internal.ScalarDeltaLoop;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The loop in use and the scalar loop against results written straight from the definition. Runs once for every kernel and
 * vector width.
 */
@Tag("kernel")
class DeltaKernelTest {

    private static final long SEED = Long.getLong("detinit.test.seed", 20_261_124);

    private static final float[] FINITE = {
        0f,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Math.nextDown(Float.MIN_NORMAL),
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        1e-30f,
        -1e-30f,
        0.02f,
        Math.nextUp(0.02f),
        -0.02f,
        1f,
        -1f,
        0x1p24f,
        1e30f
    };
    private static final float[] WILD = {
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        Float.intBitsToFloat(0xFFC0_0001),
        Float.intBitsToFloat(0x7F80_0001),
        0f,
        1f
    };
    private static final float[] LIMITS = {0f, 1e-3f, 0.02f};

    /** What the definition gives for one band; element by element, each condition a comparison of numbers. */
    private static final class Expected {
        final long[] counts = new long[6];
        final double[][] sums = new double[7][16];
        final long[] moved;
        final long[] bits;
        float max;

        Expected(float[] w, float[] w0, float[] limits) {
            moved = new long[limits.length];
            bits = new long[(w.length + 63) / 64];
            for (int k = 0; k < w.length; k++) {
                float d = w[k] - w0[k];
                for (int t = 0; t < limits.length; t++) {
                    if (!(Math.abs(d) <= limits[t])) {
                        moved[t]++;
                        bits[k / 64] |= t == 0 ? 1L << k % 64 : 0;
                    }
                }
                counts[0]++;
                counts[1] += Float.floatToRawIntBits(w[k]) == Float.floatToRawIntBits(w0[k]) ? 1 : 0;
                if (Float.isFinite(d)) {
                    finite(k, w[k], w0[k], d);
                } else {
                    counts[2]++;
                }
            }
        }

        private void finite(int k, float w, float w0, float d) {
            counts[3] += (w > 0 && w0 < 0) || (w < 0 && w0 > 0) ? 1 : 0;
            counts[4] += Math.abs(w) < Math.abs(w0) ? 1 : 0;
            counts[5] += Math.abs(w) > Math.abs(w0) ? 1 : 0;
            max = Math.max(max, Math.abs(d));
            double exact = (double) w - w0;
            double[] terms = {Math.abs(exact), 0, w, w0, (double) w * w, (double) w0 * w0, (double) w * w0};
            for (int s = 0; s < terms.length; s++) {
                sums[s][k % 16] += terms[s];
            }
            sums[1][k % 16] = Math.fma(exact, exact, sums[1][k % 16]);
        }

        double[] totals() {
            return Arrays.stream(sums).mapToDouble(s -> tree(s, 0, 1)).toArray();
        }

        /** Lanes first, first + step, ...: those at even places and those at odd places, each in the same way. */
        private static double tree(double[] lanes, int first, int step) {
            return step == lanes.length
                    ? lanes[first]
                    : tree(lanes, first, 2 * step) + tree(lanes, first + step, 2 * step);
        }
    }

    private static void check(Expected expected, DeltaSums sums, long[] moved, long[] bits, String what) {
        assertArrayEquals(expected.moved, moved, () -> what + ": moved");
        assertArrayEquals(expected.bits, bits, () -> what + ": bits");
        long[] counts = {
            sums.count(),
            sums.bitIdentical(),
            sums.notFinite(),
            sums.signFlips(),
            sums.towardsZero(),
            sums.awayFromZero()
        };
        assertArrayEquals(expected.counts, counts, () -> what + ": counts");
        assertEquals(Float.floatToRawIntBits(expected.max), Float.floatToRawIntBits(sums.maxAbs()), what);
        double[] totals = {
            sums.sumAbs(),
            sums.sumSquares(),
            sums.sumWeights(),
            sums.sumInitial(),
            sums.sumSquaredWeights(),
            sums.sumSquaredInitial(),
            sums.sumProducts()
        };
        long[] expectedBits = Arrays.stream(expected.totals())
                .mapToLong(Double::doubleToRawLongBits)
                .toArray();
        long[] actualBits =
                Arrays.stream(totals).mapToLong(Double::doubleToRawLongBits).toArray();
        assertArrayEquals(expectedBits, actualBits, () -> what + ": " + Arrays.toString(totals));
    }

    private static void check(float[] w, float[] w0, float[] limits, String what) {
        Expected expected = new Expected(w, w0, limits);
        for (DeltaLoop loop : List.of(DeltaLoops.active(), ScalarDeltaLoop.INSTANCE)) {
            DeltaSums sums = new DeltaSums();
            long[] moved = new long[limits.length];
            long[] bits = filled(expected.bits.length);
            loop.compare(new DeltaBlock(w, 0, w0, 0, w.length, limits, sums.state, moved, bits, 0));
            check(expected, sums, moved, bits, what + ", " + loop.description());
        }
        DeltaSums sums = new DeltaSums();
        long[] moved = new long[limits.length];
        long[] bits = filled(expected.bits.length);
        DeltaKernel.compare(w, w0, 0, w.length, limits, sums, moved, bits);
        check(expected, sums, moved, bits, what);
        for (FloatBuffer buffer : List.of(direct(w, ByteOrder.LITTLE_ENDIAN), direct(w, ByteOrder.BIG_ENDIAN))) {
            for (boolean wanted : new boolean[] {true, false}) {
                DeltaSums others = new DeltaSums();
                long[] counts = new long[limits.length];
                long[] which = wanted ? filled(expected.bits.length) : new long[0];
                DeltaKernel.compare(buffer, 3, w0, 0, w.length, limits, others, counts, which, 0);
                check(expected, others, counts, wanted ? which : expected.bits, what + ", buffer, bits " + wanted);
            }
        }
    }

    /** Outside the heap, behind three others. */
    private static FloatBuffer direct(float[] values, ByteOrder order) {
        FloatBuffer buffer =
                ByteBuffer.allocateDirect(4 * values.length + 12).order(order).asFloatBuffer();
        return buffer.put(3, values);
    }

    private static long[] filled(int words) {
        long[] bits = new long[words];
        Arrays.fill(bits, -1);
        return bits;
    }

    private static float[] normals(Random random, int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (0.02 * random.nextGaussian());
        }
        return values;
    }

    /** Weights as training leaves them: some untouched, most moved a little, now and then a value from the table. */
    private static float[] trained(Random random, float[] initial, float[] table) {
        float[] values = initial.clone();
        for (int k = 0; k < values.length; k++) {
            switch (random.nextInt(8)) {
                case 0, 1 -> {}
                case 2 -> values[k] = table[random.nextInt(table.length)];
                case 3 -> values[k] = -values[k];
                default -> values[k] += (float) (0.004 * random.nextGaussian());
            }
        }
        return values;
    }

    @Test
    void everyCount() {
        Random random = new Random(SEED);
        for (int count = 0; count <= 200; count++) {
            float[] w0 = normals(random, count);
            check(trained(random, w0, FINITE), w0, LIMITS, count + " elements, seed " + SEED);
            check(trained(random, w0, WILD), w0, LIMITS, count + " wild elements, seed " + SEED);
        }
    }

    @Test
    void everyPairOfSpecialValues() {
        float[] all = Arrays.copyOf(FINITE, FINITE.length + WILD.length);
        System.arraycopy(WILD, 0, all, FINITE.length, WILD.length);
        for (float[] table : List.of(FINITE, WILD, all)) {
            int n = table.length;
            float[] w = new float[n * n];
            float[] w0 = new float[n * n];
            for (int k = 0; k < n * n; k++) {
                w[k] = table[k % n];
                w0[k] = table[k / n];
            }
            check(w, w0, LIMITS, "pairs of " + n + " values");
        }
    }

    @Test
    void oneNotFiniteDeltaAnywhere() {
        Random random = new Random(SEED);
        float[] w0 = normals(random, 4500);
        float[] w = trained(random, w0, FINITE);
        for (int k : new int[] {0, 15, 16, 63, 64, 2047, 2048, 4095, 4479, 4480, 4499}) {
            for (float value : WILD) {
                float[] spoilt = w.clone();
                spoilt[k] = value;
                check(spoilt, w0, LIMITS, value + " at " + k);
            }
        }
    }

    @Test
    void specialLimits() {
        float[] w = new float[FINITE.length * 20];
        float[] w0 = new float[w.length];
        for (int k = 0; k < w.length; k++) {
            w[k] = k % 3 == 0 ? 0 : FINITE[k % FINITE.length];
            w0[k] = k % 3 == 0 ? FINITE[k / 3 % FINITE.length] : FINITE[k / 20];
        }
        float[] limits = {
            0f,
            -0f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            -1f,
            Float.NaN,
            Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            0.02f
        };
        float[] wild = w.clone();
        System.arraycopy(WILD, 0, wild, 70, WILD.length);
        for (int t = 0; t < limits.length; t++) {
            float[] turned = new float[limits.length];
            System.arraycopy(limits, t, turned, 0, limits.length - t);
            System.arraycopy(limits, 0, turned, limits.length - t, t);
            check(w, w0, turned, Arrays.toString(turned));
            check(wild, w0, turned, Arrays.toString(turned));
        }
    }

    @Test
    void blocksOfABandGiveTheBitsOfOneCall() {
        Random random = new Random(SEED);
        for (float[] table : List.of(FINITE, WILD)) {
            float[] w0 = normals(random, 20_001);
            float[] w = trained(random, w0, table);
            check(w, w0, LIMITS, "seed " + SEED);
            Expected expected = new Expected(w, w0, LIMITS);
            for (int round = 0; round < 20; round++) {
                DeltaSums sums = new DeltaSums();
                long[] moved = new long[LIMITS.length];
                long[] bits = filled(expected.bits.length);
                for (int k = 0; k < w.length; ) {
                    int count = Math.min(w.length - k, 64 * random.nextInt(round < 10 ? 4 : 80));
                    DeltaKernel.compare(w, w0, k, count, LIMITS, sums, moved, bits);
                    k += count;
                }
                check(expected, sums, moved, bits, "seed " + SEED + ", round " + round);
            }
        }
    }

    @Test
    void blocksMayLieAnywhereInBufferAndArray() {
        Random random = new Random(SEED);
        float[] w0 = normals(random, 700);
        float[] w = trained(random, w0, FINITE);
        Expected expected = new Expected(w, w0, LIMITS);
        for (int shift = 0; shift < 20; shift++) {
            float[] weights = new float[w.length + shift + 3];
            float[] initial = new float[w.length + 40];
            System.arraycopy(w, 0, weights, shift, w.length);
            System.arraycopy(w0, 0, initial, 40 - shift, w0.length);
            DeltaSums sums = new DeltaSums();
            long[] moved = new long[LIMITS.length];
            long[] bits = filled(14);
            FloatBuffer buffer = FloatBuffer.wrap(weights);
            DeltaKernel.compare(buffer, shift, initial, 40 - shift, w.length, LIMITS, sums, moved, bits, 2);
            check(expected, sums, moved, Arrays.copyOfRange(bits, 2, 13), "shift " + shift);
            assertArrayEquals(new long[] {-1, -1, -1}, new long[] {bits[0], bits[1], bits[13]});
        }
    }

    @Test
    void knownResults() {
        float[] w = {1, -2, 0, -0f, 3, Float.NaN, 0.5f, Float.POSITIVE_INFINITY};
        float[] w0 = {1, 2, 5, 0, 1, 1, 1, Float.POSITIVE_INFINITY};
        DeltaSums sums = new DeltaSums();
        long[] moved = {10, 20};
        long[] bits = {-1, -1};
        DeltaKernel.compare(w, w0, 0, 8, new float[] {0, 3}, sums, moved, bits);
        assertArrayEquals(new long[] {10 + 6, 20 + 4}, moved);
        assertArrayEquals(new long[] {0b1111_0110, -1}, bits);
        assertEquals(8, sums.count());
        assertEquals(2, sums.bitIdentical());
        assertEquals(2, sums.notFinite());
        assertEquals(1, sums.signFlips());
        assertEquals(2, sums.towardsZero());
        assertEquals(1, sums.awayFromZero());
        assertEquals(5, sums.maxAbs());
        assertEquals(11.5, sums.sumAbs());
        assertEquals(45.25, sums.sumSquares());
        assertEquals(2.5, sums.sumWeights());
        assertEquals(10, sums.sumInitial());
        assertEquals(14.25, sums.sumSquaredWeights());
        assertEquals(32, sums.sumSquaredInitial());
        assertEquals(0.5, sums.sumProducts());
    }

    @Test
    void clearedSumsAreNew() {
        float[] w = {1, Float.NaN, 2, 3};
        float[] w0 = {1, 2, 3, -4};
        DeltaSums sums = new DeltaSums();
        DeltaKernel.compare(w, w0, 0, 4, LIMITS, sums, new long[3], new long[1]);
        assertEquals(4, sums.count());
        sums.clear();
        float[] other = {4, 5};
        float[] other0 = {4.5f, 5};
        long[] moved = new long[3];
        long[] bits = new long[1];
        DeltaKernel.compare(other, other0, 0, 2, LIMITS, sums, moved, bits);
        check(new Expected(other, other0, LIMITS), sums, moved, bits, "cleared");
    }

    @Test
    void theLoopIsTheFillKernelsKind() {
        String kernel = Kernels.active().kernel().description();
        assertEquals(kernel.split(",", -1)[0], DeltaLoops.active().description().split(",", -1)[0]);
    }

    @Test
    void arraysThatAreTooShortAreRefused() {
        float[] hundred = new float[100];
        DeltaSums sums = new DeltaSums();
        IllegalArgumentException offset = assertThrows(
                IllegalArgumentException.class,
                () -> DeltaKernel.compare(hundred, hundred, 32, 10, LIMITS, sums, new long[3], new long[2]));
        assertEquals("the offset is 32, not a multiple of 64", offset.getMessage());
        IllegalArgumentException none = assertThrows(
                IllegalArgumentException.class,
                () -> DeltaKernel.compare(hundred, hundred, 0, 10, new float[0], sums, new long[3], new long[2]));
        assertEquals("no limit is given; 0 asks which elements changed at all", none.getMessage());
        IllegalArgumentException moved = assertThrows(
                IllegalArgumentException.class,
                () -> DeltaKernel.compare(hundred, hundred, 0, 10, LIMITS, sums, new long[2], new long[2]));
        assertEquals("2 counts cannot take 3 limits", moved.getMessage());
        IllegalArgumentException bits = assertThrows(
                IllegalArgumentException.class,
                () -> DeltaKernel.compare(hundred, hundred, 0, 100, LIMITS, sums, new long[3], new long[1]));
        assertEquals("1 words cannot take the bits of 100 elements from word 0 on", bits.getMessage());
        for (int[] range : new int[][] {{64, 37}, {0, 101}, {0, -1}, {-64, 10}}) {
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> DeltaKernel.compare(
                            hundred, hundred, range[0], range[1], LIMITS, sums, new long[3], new long[2]));
        }
        assertEquals(0, sums.count());
    }

    @Test
    void histogramBins() {
        Random random = new Random(SEED);
        for (float[] table : List.of(FINITE, WILD)) {
            for (int count : IntStream.concat(IntStream.range(0, 200), IntStream.of(5000, 20_000))
                    .toArray()) {
                float[] w0 = normals(random, count + 5);
                float[] w = trained(random, w0, table);
                long[] expected = new long[DeltaKernel.BINS];
                Arrays.fill(expected, 3);
                for (int k = 0; k < count; k++) {
                    expected[Float.floatToIntBits(Math.abs(w[k + 2] - w0[k + 5])) >>> 16]++;
                }
                long[] bins = new long[DeltaKernel.BINS];
                Arrays.fill(bins, 3);
                int lowest = DeltaKernel.histogram(Arrays.copyOfRange(w, 1, w.length), 1, w0, 5, count, bins);
                assertArrayEquals(expected, bins, () -> count + " elements, seed " + SEED);
                assertTrue(
                        IntStream.range(1, lowest).allMatch(bin -> bins[bin] == 3),
                        () -> lowest + " is not the lowest of " + count + ", seed " + SEED);
                long[] others = new long[DeltaKernel.BINS];
                Arrays.fill(others, 3);
                FloatBuffer buffer = direct(w, ByteOrder.LITTLE_ENDIAN);
                assertEquals(lowest, DeltaKernel.histogram(buffer, 5, w0, 5, count, others));
                assertArrayEquals(expected, others, () -> count + " elements of a buffer, seed " + SEED);
                assertTrue(count < 8 || bins[lowest] > 3, () -> lowest + " of " + count + ", seed " + SEED);
            }
        }
        long[] unmoved = new long[DeltaKernel.BINS];
        DeltaKernel.histogram(FINITE, 0, FINITE, 0, FINITE.length, unmoved);
        assertEquals(FINITE.length, unmoved[0]);
        assertTrue(DeltaKernel.BINS > Float.floatToIntBits(Float.NaN) >>> 16);
        assertThrows(
                IllegalArgumentException.class,
                () -> DeltaKernel.histogram(FINITE, 0, FINITE, 0, 1, new long[DeltaKernel.BINS - 1]));
        assertThrows(IndexOutOfBoundsException.class, () -> DeltaKernel.histogram(FINITE, 1, FINITE, 0, 16, unmoved));
    }
}
