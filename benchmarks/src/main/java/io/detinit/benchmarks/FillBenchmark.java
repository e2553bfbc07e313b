package io.detinit.benchmarks;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A million initial weights on one core; divide by 10^6 for the time of one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class FillBenchmark {

    private static final int SIDE = 1000;

    private final TensorInit init = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.HE);
    private final float[] weights = new float[SIDE * SIDE];
    private final SplittableRandom random = new SplittableRandom(42);

    /** The gate: the bulk fill gives the bits that single weights have, and its slow path is taken into account. */
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

    /** {@return this project's generator: addressed, correctly rounded} */
    @Benchmark
    public float[] scalar() {
        init.fill(0, weights, 0, weights.length);
        return weights;
    }

    /** {@return the peer: the JDK's own normals, a stream and not addressed (McFarland's ziggurat)} */
    @Benchmark
    public float[] jdkGaussian() {
        float std = (float) init.std();
        for (int k = 0; k < weights.length; k++) {
            weights[k] = (float) random.nextGaussian() * std;
        }
        return weights;
    }
}
