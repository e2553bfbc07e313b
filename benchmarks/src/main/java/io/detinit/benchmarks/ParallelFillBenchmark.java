package io.detinit.benchmarks;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.WeightType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
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

/** A million initial weights on all cores, and the same on one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Ddetinit.kernel=vector"})
public class ParallelFillBenchmark {

    private static final int SIDE = FillBenchmark.SIDE;

    private final TensorInit init = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.HE);
    private final float[] weights = new float[SIDE * SIDE];
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(SIDE * SIDE * Float.BYTES).order(ByteOrder.nativeOrder());

    /** The gate: all ways give the same bits. */
    @Setup
    public void check() {
        float[] alone = init.toArray();
        if (!Arrays.equals(alone, parallel())) {
            throw new IllegalStateException("the parallel fill gives other weights");
        }
        ByteBuffer bytes = directBuffer();
        for (int k = 0; k < alone.length; k++) {
            if (alone[k] != bytes.getFloat(Float.BYTES * k)) {
                throw new IllegalStateException("the buffer holds another weight " + k);
            }
        }
    }

    /** {@return the weights, computed on all cores} */
    @Benchmark
    public float[] parallel() {
        init.fillParallel(0, weights, 0, weights.length);
        return weights;
    }

    /** {@return the weights in a direct buffer, computed on all cores} */
    @Benchmark
    public ByteBuffer directBuffer() {
        init.fillParallel(0, weights.length, WeightType.FLOAT32, buffer.clear());
        return buffer;
    }

    /** {@return the weights, computed on one core: the peer} */
    @Benchmark
    public float[] oneCore() {
        init.fill(0, weights, 0, weights.length);
        return weights;
    }
}
