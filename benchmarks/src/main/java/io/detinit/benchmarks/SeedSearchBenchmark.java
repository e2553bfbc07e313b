package io.detinit.benchmarks;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.identify.SeedInterval;
import io.detinit.interop.identify.SeedProgress;
import io.detinit.interop.identify.SeedResult;
import io.detinit.interop.identify.SeedSearch;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

/** Seeds a second against a model of LeNet-300-100's shape, of which about 4,096 weights are sampled at first. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@SuppressWarnings("NullAway.Init") // JMH calls the set-up first
public class SeedSearchBenchmark {

    private static final int SEEDS = 1 << 20;
    private static final int PLAIN_SEEDS = 1 << 10;
    private static final int PLAIN_WEIGHTS = 4096;
    private static final long SEED = 777;

    private static final long[][] SHAPES = {{300, 784}, {100, 300}, {10, 100}};

    /** How many threads search; the plain loop always runs on one. */
    @Param({"1", "2"})
    public int threads;

    private Path file = Path.of("");
    private Checkpoint checkpoint;
    private InitPlan plan = new InitPlan(0, List.of());
    private final List<float[]> trained = new ArrayList<>();

    /** The gate: both ways find the seed, and the search finds nothing where it is not. */
    @Setup
    public void make() throws IOException {
        Random random = new Random(1);
        List<ArrayTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < SHAPES.length; layer++) {
            TensorInit init = new TensorInit(SEED, layer, TensorShape.of(SHAPES[layer]), Scheme.HE);
            float[] weights = init.toArray();
            for (int k = 0; k < weights.length; k++) {
                weights[k] += (float) (0.3 * init.std() * random.nextGaussian());
            }
            trained.add(weights);
            tensors.add(ArrayTensor.of("fc" + (layer + 1) + ".weight", init.shape(), weights));
        }
        file = Files.createTempFile("lenet-300-100", ".safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        checkpoint = Checkpoints.open(file);
        plan = DefaultPlan.of(checkpoint, 0, InitRules.he());
        long found = search().best().orElseThrow().seed();
        boolean elsewhere = SeedSearch.of(checkpoint, plan, threads)
                .search(List.of(new SeedInterval(SEED + 1, SEEDS)), SeedProgress.NONE)
                .best()
                .isPresent();
        long plain = plainLoop();
        if (found != SEED || plain != SEED || elsewhere) {
            throw new IllegalStateException("found " + found + ", by the plain loop " + plain + ", for " + SEED
                    + (elsewhere ? "; and a seed where there is none" : ""));
        }
    }

    /** Removes the file. */
    @TearDown
    public void remove() throws IOException {
        checkpoint.close();
        Files.deleteIfExists(file);
    }

    /** {@return what the search finds among 2^20 seeds} */
    @Benchmark
    @OperationsPerInvocation(SEEDS)
    public SeedResult search() throws IOException {
        return SeedSearch.of(checkpoint, plan, threads).search(List.of(new SeedInterval(0, SEEDS)), SeedProgress.NONE);
    }

    /** {@return the best of 1,024 seeds by 3,730 weights (the search takes 4,072), each made by itself, of all three layers} */
    @Benchmark
    @OperationsPerInvocation(PLAIN_SEEDS)
    public long plainLoop() {
        long best = -1;
        double largest = Double.NEGATIVE_INFINITY;
        for (long seed = 0; seed < PLAIN_SEEDS; seed++) {
            double z = 0;
            for (int layer = 0; layer < trained.size(); layer++) {
                z += plainCorrelation(seed, plan.tensors().get(layer), trained.get(layer));
            }
            if (z > largest) {
                largest = z;
                best = seed;
            }
        }
        return best;
    }

    private static double plainCorrelation(long seed, PlannedTensor planned, float[] weights) {
        TensorInit init = new TensorInit(seed, planned.layer(), planned.shape(), planned.scheme());
        int count = Math.min(weights.length, PLAIN_WEIGHTS / SHAPES.length);
        int cols = (int) planned.shape().cols();
        int step = weights.length / count;
        double sum = 0;
        for (int k = 0; k < count; k++) {
            int element = k * step;
            sum += weights[element] * init.weight(element / cols, element % cols);
        }
        return sum / (init.std() * init.std() * count);
    }
}
