package io.detinit.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.WeightType;
import io.detinit.models.Seeding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Seeding a Block of 100.7 million parameters, six Linear of 4096 x 4096, against the generator alone. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Ddetinit.kernel=vector"})
public class SeedingBenchmark {

    private static final int SIDE = 4096;
    private static final int LAYERS = 6;

    private final NDManager root = NDManager.newBaseManager("PyTorch");
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(SIDE * SIDE * Float.BYTES).order(ByteOrder.nativeOrder());

    private static Block block() {
        SequentialBlock block = new SequentialBlock();
        for (int layer = 0; layer < LAYERS; layer++) {
            block.add(Linear.builder().setUnits(SIDE).optBias(false).build());
        }
        return block;
    }

    /** The gate: the block holds the weights that its plan names. */
    @Setup(Level.Trial)
    public void check() {
        try (NDManager manager = root.newSubManager()) {
            Block block = block();
            InitPlan plan = Seeding.seed(block, 42, InitRules.he(), manager, DataType.FLOAT32, new Shape(1, SIDE));
            int layer = 0;
            for (Parameter parameter : block.getParameters().values()) {
                TensorInit init = plan.init(plan.tensors().get(layer++));
                try (NDArray row = parameter.getArray().get(SIDE - 1)) {
                    float[] values = row.toFloatArray();
                    for (int j = 0; j < SIDE; j++) {
                        if (values[j] != init.weight(SIDE - 1, j)) {
                            throw new IllegalStateException("layer " + layer + ", column " + j);
                        }
                    }
                }
            }
        }
    }

    /** Frees the engine's memory. */
    @TearDown
    public void close() {
        root.close();
    }

    /** {@return the plan of a block seeded by this project} */
    @Benchmark
    public InitPlan seeding() {
        try (NDManager manager = root.newSubManager()) {
            return Seeding.seed(block(), 42, InitRules.he(), manager, DataType.FLOAT32, new Shape(1, SIDE));
        }
    }

    /** {@return the same weights without DJL: the generator, six times into one direct buffer} */
    @Benchmark
    public ByteBuffer generatorAlone() {
        for (int layer = 0; layer < LAYERS; layer++) {
            TensorInit.matrix(42, layer, SIDE, SIDE, Scheme.HE)
                    .fillParallel(0, (long) SIDE * SIDE, WeightType.FLOAT32, buffer.clear());
        }
        return buffer;
    }

    /** {@return a block seeded by DJL's NormalInitializer (libtorch's normal_)} */
    @Benchmark
    public Block djlNormal() {
        try (NDManager manager = root.newSubManager()) {
            Block block = block();
            block.setInitializer(new NormalInitializer(0.02f), Parameter.Type.WEIGHT);
            block.initialize(manager, DataType.FLOAT32, new Shape(1, SIDE));
            return block;
        }
    }

    /** {@return a block of ones: what the engine's fresh memory costs without any generator} */
    @Benchmark
    public Block djlOnes() {
        try (NDManager manager = root.newSubManager()) {
            Block block = block();
            block.setInitializer(Initializer.ONES, Parameter.Type.WEIGHT);
            block.initialize(manager, DataType.FLOAT32, new Shape(1, SIDE));
            return block;
        }
    }
}
