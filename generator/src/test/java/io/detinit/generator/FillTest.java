package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever the kernel, the way and the destination: the bits are those of single weights, and nothing else is written. Runs
 * once for every kernel and vector width; the seed can be set with {@code -Ddetinit.test.seed}.
 */
@Tag("kernel")
class FillTest {

    private static final long SEED = Long.getLong("detinit.test.seed", 20_261_123);
    private static final float UNTOUCHED = 12345;

    private static TensorInit init(long rows, long cols, String scheme) {
        return TensorInit.matrix(SEED, 3, rows, cols, Scheme.parse(scheme));
    }

    private static int bits(float value) {
        return Float.floatToRawIntBits(value);
    }

    private static void assertWeights(TensorInit init, long from, float[] values, int offset, int count) {
        long cols = init.shape().cols();
        for (int k = 0; k < count; k++) {
            float single = init.weight((from + k) / cols, (from + k) % cols);
            int at = k;
            assertEquals(bits(single), bits(values[offset + k]), () -> init + ", element " + (from + at));
        }
        for (int k = 0; k < offset; k++) {
            assertEquals(UNTOUCHED, values[k]);
        }
        for (int k = offset + count; k < values.length; k++) {
            assertEquals(UNTOUCHED, values[k]);
        }
    }

    private static float[] untouched(int length) {
        float[] values = new float[length];
        Arrays.fill(values, UNTOUCHED);
        return values;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "he",
                "xavier",
                "custom:0.02",
                "custom:1e-30",
                "custom:1e-44",
                "custom:1e30",
                "custom:1e308",
                "he_uniform",
                "uniform:0.3",
                "uniform:1e-42",
                "uniform:1e38",
                "signed_constant",
                "orthogonal",
                "constant:0.1"
            })
    void everyLengthAroundTheWidthsAndTheBlock(String scheme) {
        for (int cols : new int[] {1, 2, 3, 7, 8, 9, 31, 100, 511, 512, 513}) {
            TensorInit init = init(7, cols, scheme);
            int elements = 7 * cols;
            for (int count = 0; count <= Math.min(elements, 20); count++) {
                float[] values = untouched(count + 40);
                init.fill(elements - count, values, 17, count);
                assertWeights(init, elements - count, values, 17, count);
            }
            float[] whole = untouched(elements + 3);
            init.fill(0, whole, 2, elements);
            assertWeights(init, 0, whole, 2, elements);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"he", "lecun_uniform", "signed_constant:custom:0.5", "orthogonal:custom:0.1"})
    void rangesBlocksStridesAndTransposition(String scheme) {
        int rows = 70;
        int cols = 90;
        TensorInit init = init(rows, cols, scheme);
        Random random = new Random(SEED);
        for (int round = 0; round < 60; round++) {
            int fromRow = random.nextInt(rows);
            int toRow = fromRow + random.nextInt(rows - fromRow + 1);
            int fromCol = random.nextInt(cols);
            int toCol = fromCol + random.nextInt(cols - fromCol + 1);
            int height = toRow - fromRow;
            int width = toCol - fromCol;
            int offset = random.nextInt(5);
            boolean transposed = random.nextBoolean();
            int gap = random.nextInt(3);
            int rowStride = transposed ? 1 : width + gap;
            int colStride = transposed ? height + gap : 1;
            float[] values = untouched(offset + (rowStride + 3) * (colStride + 3) + (height + 3) * (width + 3));
            init.fillBlock(fromRow, toRow, fromCol, toCol, values, offset, rowStride, colStride);
            int written = 0;
            for (int i = fromRow; i < toRow; i++) {
                for (int j = fromCol; j < toCol; j++) {
                    int at = offset + (i - fromRow) * rowStride + (j - fromCol) * colStride;
                    assertEquals(bits(init.weight(i, j)), bits(values[at]));
                    values[at] = UNTOUCHED;
                    written++;
                }
            }
            assertEquals(height * width, written);
            for (float value : values) {
                assertEquals(UNTOUCHED, value);
            }
        }
    }

    @Test
    void blocksOutsideTheMatrixOrTheArrayAreRefused() {
        TensorInit init = init(4, 5, "he");
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 5, 0, 5, new float[25], 0, 5, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 4, 2, 6, new float[25], 0, 5, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 4, 0, 5, new float[19], 0, 5, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 4, 0, 5, new float[20], 1, 5, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 4, 0, 5, new float[20], -1, 5, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> init.fillBlock(0, 4, 0, 5, new float[20], 0, -1, 1));
        init.fillBlock(4, 4, 0, 5, new float[0], 0, 5, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void anyNumberOfThreads(int threads) throws Exception {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            for (String scheme : new String[] {"he", "xavier_uniform", "orthogonal"}) {
                TensorInit init = init(211, 307, scheme);
                int count = 211 * 307 - 5;
                float[] values = untouched(count + 9);
                pool.submit(() -> init.fillParallel(3, values, 4, count)).get();
                assertWeights(init, 3, values, 4, count);
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void buffersOfEveryKindTypeAndOrder(@TempDir Path folder) throws IOException {
        TensorInit init = init(70, 1100, "he");
        long from = 17;
        int count = 70_001;
        try (FileChannel file = FileChannel.open(
                folder.resolve("weights"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            for (WeightType type : WeightType.values()) {
                int length = (type == WeightType.FLOAT64 ? 2_000 : count) * type.bytes() + 24;
                for (ByteBuffer buffer : new ByteBuffer[] {
                    ByteBuffer.allocate(length),
                    ByteBuffer.allocateDirect(length),
                    file.map(FileChannel.MapMode.READ_WRITE, 0, length)
                }) {
                    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
                        for (boolean parallel : new boolean[] {false, true}) {
                            checkBuffer(init, from, type, buffer.clear().order(order), parallel);
                        }
                    }
                }
            }
        }
    }

    private static void checkBuffer(TensorInit init, long from, WeightType type, ByteBuffer buffer, boolean parallel) {
        int count = (buffer.capacity() - 24) / type.bytes();
        for (int k = 0; k < buffer.capacity(); k++) {
            buffer.put(k, (byte) 0x5A);
        }
        buffer.position(16); // of 24 spare bytes, 16 before and 8 behind
        if (parallel) {
            init.fillParallel(from, count, type, buffer);
        } else {
            init.fill(from, count, type, buffer);
        }
        assertEquals(16 + count * type.bytes(), buffer.position());
        long cols = init.shape().cols();
        for (int k = 0; k < count; k++) {
            long i = (from + k) / cols;
            long j = (from + k) % cols;
            float single = init.weight(i, j);
            int at = 16 + k * type.bytes();
            switch (type) {
                case FLOAT32 -> assertEquals(bits(single), bits(buffer.getFloat(at)));
                case FLOAT16 -> assertEquals(ReducedPrecision.toFloat16(single), buffer.getShort(at));
                case BFLOAT16 -> assertEquals(ReducedPrecision.toBfloat16(single), buffer.getShort(at));
                case FLOAT64 ->
                    assertEquals(
                            Double.doubleToRawLongBits(init.weightAsDouble(i, j)),
                            Double.doubleToRawLongBits(buffer.getDouble(at)));
            }
        }
        for (int k = 0; k < 16; k++) {
            assertEquals(0x5A, buffer.get(k));
        }
        for (int k = buffer.position(); k < buffer.capacity(); k++) {
            assertEquals(0x5A, buffer.get(k));
        }
    }

    @Test
    void aBufferTooSmallIsLeftAlone() {
        ByteBuffer buffer = ByteBuffer.allocate(399).order(ByteOrder.LITTLE_ENDIAN);
        IndexOutOfBoundsException e = assertThrows(
                IndexOutOfBoundsException.class, () -> init(10, 10, "he").fill(0, 100, WeightType.FLOAT32, buffer));
        assertEquals("100 weights of 4 bytes do not fit the 399 bytes that remain of the buffer", e.getMessage());
        assertEquals(0, buffer.position());
        assertArrayEquals(new byte[399], buffer.array());
    }

    /** 2^32 + 2^20 elements, in chunks: those on either side of 2^31 and 2^32, and a row that crosses each. */
    @Test
    void aTensorOfMoreThanTwoToThe31Elements() {
        long cols = 65_537;
        long rows = (1L << 32) / cols + 17;
        for (String scheme : new String[] {"he", "he_uniform", "signed_constant"}) {
            TensorInit init = init(rows, cols, scheme);
            assertTrue(init.shape().elements() > 1L << 32);
            for (long centre : new long[] {1L << 31, 1L << 32, init.shape().elements() - 40_000}) {
                int count = 80_000;
                float[] values = new float[count];
                init.fillParallel(centre - 40_000, values, 0, count);
                assertWeights(init, centre - 40_000, values, 0, count);
                float[] chunk = new float[1_000];
                init.fill(centre - 500, chunk, 0, 1_000);
                assertArrayEquals(Arrays.copyOfRange(values, 39_500, 40_500), chunk);
            }
        }
    }
}
