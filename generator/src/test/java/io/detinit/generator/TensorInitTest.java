package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorInitTest {

    private static final TensorShape CONV = TensorShape.of(7, 3, 5, 5);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "he",
                "xavier",
                "lecun",
                "he_uniform",
                "custom:0.3",
                "uniform:0.2",
                "signed_constant",
                "signed_constant:custom:0.05",
                "orthogonal",
                "orthogonal:xavier",
                "zeros",
                "ones",
                "constant:0.5"
            })
    void oneWeightBulkRowsRangesAndThreadsAgree(String name) {
        TensorInit init = new TensorInit(-9, 3, CONV, Scheme.parse(name));
        float[] whole = init.toArray();
        int cols = (int) CONV.cols();
        assertEquals(75, cols);
        for (int k = 0; k < whole.length; k++) {
            assertBits(whole[k], init.weight(k / cols, k % cols));
        }
        float[] rows = new float[whole.length + 2];
        init.fillRows(2, 6, rows, 2 + 2 * cols);
        assertArrayEquals(
                java.util.Arrays.copyOfRange(whole, 2 * cols, 6 * cols),
                java.util.Arrays.copyOfRange(rows, 2 + 2 * cols, 2 + 6 * cols));
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            int from = random.nextInt(whole.length);
            int count = random.nextInt(whole.length - from + 1);
            float[] part = new float[count];
            init.fill(from, part, 0, count);
            assertArrayEquals(java.util.Arrays.copyOfRange(whole, from, from + count), part);
        }
        float[] parallel = new float[whole.length];
        IntStream.range(0, 7).parallel().forEach(row -> init.fillRows(row, row + 1, parallel, row * cols));
        assertArrayEquals(whole, parallel);
    }

    @Test
    void vectorsScalarsAndEmptyTensors() {
        Scheme custom = Scheme.custom(0.5);
        TensorInit vector = new TensorInit(1, 0, TensorShape.of(9), custom);
        TensorInit row = TensorInit.matrix(1, 0, 1, 9, custom);
        assertArrayEquals(row.toArray(), vector.toArray());
        assertBits(row.weight(0, 0), new TensorInit(1, 0, TensorShape.of(), custom).toArray()[0]);
        assertEquals(0, new TensorInit(1, 0, TensorShape.of(4, 0, 2), Scheme.HE).toArray().length);
    }

    @Test
    void seedLayerRowAndColumnAllCount() {
        TensorInit init = TensorInit.matrix(1, 1, 4, 4, Scheme.HE);
        float w = init.weight(1, 2);
        assertTrue(w != TensorInit.matrix(2, 1, 4, 4, Scheme.HE).weight(1, 2));
        assertTrue(w != TensorInit.matrix(1, 2, 4, 4, Scheme.HE).weight(1, 2));
        assertTrue(w != init.weight(2, 1));
        assertTrue(w != init.weight(1, 3));
    }

    @Test
    void wrongUseIsRefusedByName() {
        assertMessage("rank 1", () -> new TensorInit(1, 0, TensorShape.of(5), Scheme.HE));
        assertMessage("scheme xavier", () -> new TensorInit(1, 0, TensorShape.of(), Scheme.XAVIER));
        assertMessage("layer -1", () -> TensorInit.matrix(1, -1, 2, 2, Scheme.HE));
        TensorInit init = TensorInit.matrix(1, 0, 2, 3, Scheme.HE);
        assertThrows(IndexOutOfBoundsException.class, () -> init.weight(2, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> init.weight(0, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.weightAsDouble(0, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fill(5, new float[2], 0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fill(0, new float[2], 1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillRows(0, 3, new float[9], 0));
        assertThrows(
                IllegalStateException.class,
                () -> TensorInit.matrix(1, 0, 1 << 20, 1 << 20, Scheme.HE).toArray());
    }

    @Test
    void addressesBeyondTheIntRangeWork() {
        TensorInit huge = TensorInit.matrix(1, 0, 1L << 40, 3, Scheme.custom(1));
        float[] last = new float[4];
        huge.fill((1L << 40) * 3 - 4, last, 0, 4);
        assertBits(huge.weight((1L << 40) - 1, 2), last[3]);
        assertBits(huge.weight((1L << 40) - 2, 2), last[0]);
    }

    /** A million normals: each check below fails for a correct generator with probability below 1e-8 (6 standard errors). */
    @Test
    void theDistributionIsNormal() {
        float[] z = TensorInit.matrix(5, 0, 1000, 1000, Scheme.custom(1)).toArray();
        double n = z.length;
        double mean = 0;
        double square = 0;
        double cube = 0;
        double fourth = 0;
        long tail = 0;
        for (float v : z) {
            mean += v / n;
            square += (double) v * v / n;
            cube += (double) v * v * v / n;
            fourth += (double) v * v * v * v / n;
            tail += Math.abs(v) > 3 ? 1 : 0;
        }
        assertEquals(0, mean, 6 / Math.sqrt(n));
        assertEquals(1, square, 6 * Math.sqrt(2 / n));
        assertEquals(0, cube, 6 * Math.sqrt(15 / n));
        assertEquals(3, fourth, 6 * Math.sqrt(96 / n));
        double p = 0.0026997960632601866;
        assertEquals(p * n, tail, 6 * Math.sqrt(n * p * (1 - p)));
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable executable) {
        String message =
                assertThrows(IllegalArgumentException.class, executable).getMessage();
        assertTrue(message.contains(part), message);
    }

    private static void assertBits(float expected, float actual) {
        assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual));
    }
}
