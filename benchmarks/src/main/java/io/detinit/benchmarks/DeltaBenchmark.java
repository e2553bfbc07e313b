package io.detinit.benchmarks;

import io.detinit.generator.DeltaKernel;
import io.detinit.generator.DeltaSums;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Comparing weights with initial weights at two limits on one core, and generating as many; times are of one weight. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(DeltaBenchmark.WEIGHTS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeltaBenchmark {

    static final int WEIGHTS = 65_536;

    private static final int SIDE = 256;
    private static final String MODULES = "--add-modules";
    private static final String VECTORS = "jdk.incubator.vector";
    private static final float[] LIMITS = {0, 1e-3f};

    /** How many weights a call takes; the same ones each time, so that they stay in the first or second level cache. */
    @Param({"1024", "4096", "65536"})
    int block;

    private final TensorInit init = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.HE);
    private final DeltaSums sums = new DeltaSums();
    private final long[] moved = new long[LIMITS.length];
    private final long[] movedBits = new long[WEIGHTS / Long.SIZE];
    private final long[] bins = new long[DeltaKernel.BINS];
    private float[] initial = {};
    private float[] weights = {};

    /** Three weights in four have moved, a few far enough to change the sign. */
    @Setup
    public void prepare() {
        SplittableRandom random = new SplittableRandom(7);
        initial = new float[block];
        init.fill(0, initial, 0, block);
        weights = initial.clone();
        for (int k = 0; k < block; k++) {
            if (random.nextInt(4) > 0) {
                weights[k] += (float) (0.004 * random.nextGaussian());
            }
        }
        check();
    }

    /** The gate, before the clock and again after it: sums have the bits of a plain loop, counts are right. */
    @TearDown
    public void check() {
        double[] products = new double[16];
        long[] expected = new long[LIMITS.length];
        for (int k = 0; k < block; k++) {
            products[k % 16] += (double) weights[k] * initial[k];
            for (int t = 0; t < LIMITS.length; t++) {
                expected[t] += Math.abs(weights[k] - initial[k]) > LIMITS[t] ? 1 : 0;
            }
        }
        for (int half = 8; half > 0; half /= 2) {
            for (int j = 0; j < half; j++) {
                products[j] += products[j + half];
            }
        }
        sums.clear();
        Arrays.fill(moved, 0);
        compareBlock();
        if (sums.sumProducts() != products[0] || !Arrays.equals(moved, expected)) {
            throw new IllegalStateException("got " + sums.sumProducts() + " and " + Arrays.toString(moved)
                    + ", a plain loop gives " + products[0] + " and " + Arrays.toString(expected));
        }
    }

    private void compareBlock() {
        DeltaKernel.compare(weights, initial, 0, block, LIMITS, sums, moved, movedBits);
    }

    private DeltaSums compareAll() {
        sums.clear();
        for (int done = 0; done < WEIGHTS; done += block) {
            compareBlock();
        }
        return sums;
    }

    /** {@return the sums, through the Vector API} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS, "-Ddetinit.kernel=vector"})
    public DeltaSums vector() {
        return compareAll();
    }

    /** {@return the same bits in plain Java} */
    @Benchmark
    @Fork(value = 3, jvmArgsAppend = "-Ddetinit.kernel=scalar")
    public DeltaSums scalar() {
        return compareAll();
    }

    /** {@return the sums through the Vector API, with a histogram of |d| beside them} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS, "-Ddetinit.kernel=vector"})
    public DeltaSums vectorAndHistogram() {
        sums.clear();
        for (int done = 0; done < WEIGHTS; done += block) {
            compareBlock();
            DeltaKernel.histogram(weights, 0, initial, 0, block, bins);
        }
        return sums;
    }

    /** {@return the initial weights, generated through the Vector API: the peer} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS, "-Ddetinit.kernel=vector"})
    public float[] fill() {
        for (int done = 0; done < WEIGHTS; done += block) {
            init.fill(0, initial, 0, block);
        }
        return initial;
    }

    /** {@return the sums, with w0 generated again before each comparison, as in an audit} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS, "-Ddetinit.kernel=vector"})
    public DeltaSums fillAndCompare() {
        sums.clear();
        for (int done = 0; done < WEIGHTS; done += block) {
            init.fill(0, initial, 0, block);
            compareBlock();
        }
        return sums;
    }
}
