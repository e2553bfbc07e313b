package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.detinit.generator.TensorShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranges of a tensor have the bits of the whole tensor. */
class TorchValuesTest {

    private static final List<TorchKernels> KERNELS = List.of(
            TorchKernels.AVX2,
            TorchKernels.DEFAULT,
            TorchKernels.AVX2.withEra(TorchEra.V2_7),
            TorchKernels.DEFAULT.withEra(TorchEra.V2_12),
            TorchKernels.AVX2.withEra(TorchEra.V2_15));

    private static final List<TorchFill> FILLS = List.of(
            TorchFill.Uniform.within(0.07),
            new TorchFill.Normal(0.25, 1.5),
            new TorchFill.Constant(0.1),
            new TorchFill.ZeroRow(new TorchFill.Normal(0, 1), 2));

    private static void assertSame(TorchInit init, long seed) {
        double[] expected = init.doubles();
        TorchValues values = new TorchValues(init);
        double[] found = new double[expected.length];
        float[] narrow = new float[expected.length];
        SplittableRandom random = new SplittableRandom(seed);
        List<int[]> ranges = new ArrayList<>();
        for (int at = 0; at < found.length; ) {
            int count = Math.min(found.length - at, 1 + random.nextInt(found.length < 100 ? 20 : 40_000));
            ranges.add(new int[] {at, count});
            at += count;
        }
        for (int k = ranges.size() - 1; k > 0; k--) { // in any order
            ranges.add(ranges.remove(random.nextInt(k + 1)));
        }
        for (int[] range : ranges) {
            values.fill(range[0], found, range[0], range[1]);
            values.fill(range[0], narrow, range[0], range[1]);
        }
        assertArrayEquals(expected, found, init::toString);
        float[] expectedFloats = init.dtype().bytes() <= 4 ? init.floats() : rounded(expected);
        assertArrayEquals(expectedFloats, narrow, init::toString);
        double[] once = new double[expected.length];
        new TorchValues(init).fill(0, once, 0, once.length);
        assertArrayEquals(expected, once, () -> init + " at once");
    }

    private static float[] rounded(double[] values) {
        float[] out = new float[values.length];
        for (int k = 0; k < out.length; k++) {
            out[k] = (float) values[k];
        }
        return out;
    }

    @ParameterizedTest
    @EnumSource(
            value = TorchDtype.class,
            names = {"FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64"})
    void ofEveryFillAndSize(TorchDtype dtype) {
        int[] lengths = {3, 14, 15, 16, 17, 23, 31, 32, 33, 40, 100, 21_845, 21_846, 43_691, 50_003};
        for (TorchKernels kernels : KERNELS) {
            for (TorchFill fill : FILLS) {
                for (int length : lengths) {
                    boolean repeated = length > 1000 && !kernels.equals(TorchKernels.AVX2) && !dtype.isReduced();
                    if (!repeated || length == 50_003) {
                        TensorShape shape = TensorShape.of(3, length);
                        StreamPosition start = new StreamPosition(1000 + length, 17);
                        assertSame(new TorchInit(9, start, shape, dtype, fill, kernels), length);
                    }
                }
            }
        }
    }

    @Test
    void ofSmallNormalsWithAndWithoutAKeptOne() {
        for (int n = 1; n < 40; n++) {
            for (StreamPosition start : List.of(StreamPosition.START, new StreamPosition(77, 50))) {
                TorchFill fill = new TorchFill.Normal(0, 1);
                assertSame(new TorchInit(3, start, TensorShape.of(n), TorchDtype.FLOAT32, fill, TorchKernels.AVX2), n);
            }
        }
    }

    @Test
    void bySeveralThreads() throws InterruptedException, ExecutionException {
        TorchStream stream = new TorchStream(12);
        TorchInit normal = new TorchInit(
                12,
                StreamPosition.at(5),
                TensorShape.of(1_000_003),
                TorchDtype.FLOAT32,
                new TorchFill.Normal(0, 1),
                TorchKernels.AVX2);
        TorchInit uniform = new TorchInit(
                12,
                normal.end(),
                TensorShape.of(1000, 1003),
                TorchDtype.FLOAT32,
                TorchFill.Uniform.within(1),
                TorchKernels.DEFAULT);
        List<TorchValues> tensors = List.of(new TorchValues(normal, stream), new TorchValues(uniform, stream));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (TorchValues values : tensors) {
                float[] found = new float[(int) values.init().shape().elements()];
                List<Future<?>> pieces = new ArrayList<>();
                for (int at = 0; at < found.length; at += 30_011) {
                    int from = at;
                    int count = Math.min(30_011, found.length - at);
                    pieces.add(threads.submit(() -> values.fill(from, found, from, count)));
                }
                for (Future<?> piece : pieces) {
                    piece.get();
                }
                assertArrayEquals(values.init().floats(), found);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Of a tensor of 2^40 elements no more is made than is asked for. */
    @Test
    void ofMoreElementsThanAnArrayHolds() {
        TensorShape shape = TensorShape.of(1L << 20, 1L << 20);
        TorchInit init = TorchInit.of(1, TorchRule.LINEAR, shape, 1L << 20, 10, TorchDtype.FLOAT32, TorchKernels.AVX2);
        float[] found = new float[100];
        new TorchValues(init).fill(300_000, found, 0, 100);
        Mt19937 stream = new Mt19937(1);
        stream.skip(300_010);
        float bound = (float) ((TorchFill.Uniform) init.fill()).to();
        for (float value : found) {
            assertEquals(Math.fma((stream.next() & 0xFFFFFF) / 0x1p24f, 2 * bound, -bound), value);
        }
    }

    @Test
    void streamsStartAnywhere() {
        TorchStream stream = new TorchStream(5);
        Mt19937 sequential = new Mt19937(5);
        int[] expected = new int[20_000];
        Arrays.setAll(expected, k -> sequential.next());
        SplittableRandom random = new SplittableRandom(8);
        for (int k = 0; k < 500; k++) {
            int draw = random.nextInt(expected.length - 10);
            Mt19937 state = stream.at(draw);
            assertEquals(draw, state.position());
            for (int next = 0; next < 10; next++) {
                assertEquals(expected[draw + next], state.next(), "draw " + (draw + next));
            }
            stream.keep(state);
        }
    }

    @Test
    void refuses() {
        TorchInit init =
                TorchInit.of(1, TorchRule.LINEAR, TensorShape.of(3, 4), 4, 0, TorchDtype.FLOAT32, TorchKernels.AVX2);
        TorchValues values = new TorchValues(init);
        assertThrows(IndexOutOfBoundsException.class, () -> values.fill(5, new float[20], 0, 8));
        assertThrows(IndexOutOfBoundsException.class, () -> values.fill(0, new double[4], 0, 5));
        assertThrows(IllegalArgumentException.class, () -> new TorchValues(init, new TorchStream(2)));
        assertThrows(IllegalArgumentException.class, () -> new TorchStream(2).at(-1));
    }
}
