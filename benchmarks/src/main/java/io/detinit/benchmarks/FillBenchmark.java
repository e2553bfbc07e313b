package io.detinit.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;
import org.apache.commons.rng.simple.RandomSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A million initial weights on one core; divide by 10^6 for the time of one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FillBenchmark {

    static final int SIDE = 1000;

    private static final String MODULES = "--add-modules";
    private static final String VECTORS = "jdk.incubator.vector";

    private final TensorInit init = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.HE);
    private final float[] weights = new float[SIDE * SIDE];
    private final SplittableRandom random = new SplittableRandom(42);
    private final ZigguratSampler.NormalizedGaussian ziggurat =
            ZigguratSampler.NormalizedGaussian.of(RandomSource.XO_RO_SHI_RO_128_PP.create(42L));
    private final Shape shape = new Shape(SIDE, SIDE);

    /** The gate: the bulk fill of the kernel in use gives the bits that single weights have. */
    @Setup
    public void check() {
        init.fill(0, weights, 0, weights.length);
        for (int k = 0; k < weights.length; k++) {
            float single = init.weight(k / SIDE, k % SIDE);
            if (Float.floatToRawIntBits(single) != Float.floatToRawIntBits(weights[k])) {
                throw new IllegalStateException("weight " + k + " is " + weights[k] + ", one by one " + single);
            }
        }
    }

    /** {@return this project's generator, addressed and correctly rounded, through the Vector API} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS, "-Ddetinit.kernel=vector"})
    public float[] vector() {
        init.fill(0, weights, 0, weights.length);
        return weights;
    }

    /** {@return the same bits in plain Java} */
    @Benchmark
    @Fork(value = 3, jvmArgsAppend = "-Ddetinit.kernel=scalar")
    public float[] scalar() {
        init.fill(0, weights, 0, weights.length);
        return weights;
    }

    /** libtorch's normal_, into a new array: what PyTorch's kaiming_normal_ calls. */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS})
    public void libtorchNormal(Torch torch) {
        try (NDArray normals = torch.manager.randomNormal(0, (float) init.std(), shape, DataType.FLOAT32)) {
            torch.keep(normals);
        }
    }

    /** {@return the JDK's own normals, a stream and not addressed (McFarland's ziggurat)} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS})
    public float[] jdkGaussian() {
        float std = (float) init.std();
        for (int k = 0; k < weights.length; k++) {
            weights[k] = (float) random.nextGaussian() * std;
        }
        return weights;
    }

    /** {@return normals of Apache Commons RNG, a stream (ziggurat on xoroshiro128++)} */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgsAppend = {MODULES, VECTORS})
    public float[] commonsRngZiggurat() {
        double std = init.std();
        for (int k = 0; k < weights.length; k++) {
            weights[k] = (float) (std * ziggurat.sample());
        }
        return weights;
    }

    /** DJL's PyTorch engine, started only where it is measured. */
    @State(Scope.Thread)
    public static class Torch {

        private final NDManager manager = NDManager.newBaseManager("PyTorch");
        private long kept;

        private void keep(NDArray array) {
            kept += array.getShape().size();
        }

        /** Frees the engine's memory. */
        @TearDown
        public void close() {
            manager.close();
        }

        /** {@return how many normals were made} */
        public long kept() {
            return kept;
        }
    }
}
