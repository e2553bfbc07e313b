package io.detinit.benchmarks;

import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchModules;
import io.detinit.generator.torch.TorchReplay;
import io.detinit.interop.identify.TorchSearch;
import io.detinit.interop.identify.TorchSearchResult;
import io.detinit.interop.identify.TorchSeeds;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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

/** A hundred seeds that are not LeNet-5's, 2^16 positions each, on one core: divide by 100 for the time of one seed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class TorchSearchBenchmark {

    private static final int SEEDS = 100;
    private static final long SEED = 1_000_000;
    private static final TorchSearch.Progress SILENT = (done, of) -> {};

    private final TorchSearch search = new TorchSearch(TorchSeeds.range(0, SEEDS), 1 << 16, 1);
    private final List<Parameter> parameters = lenet();

    private static List<Parameter> lenet() {
        TorchModules nn = TorchModules.CURRENT;
        TorchModule module = nn.sequential(
                nn.conv(1, 6, 5, 5),
                nn.conv(6, 16, 5, 5),
                nn.linear(400, 120, true),
                nn.linear(120, 84, true),
                nn.linear(84, 10, true));
        List<ArrayTensor> tensors = new ArrayList<>();
        for (TorchReplay.Tensor tensor : TorchReplay.of(module, SEED, TorchDtype.FLOAT32, TorchKernels.AVX2)
                .tensors()) {
            tensors.add(ArrayTensor.of(
                    tensor.name(), tensor.init().shape(), tensor.init().floats()));
        }
        return Parameter.of(tensors);
    }

    /** The gate: the model's own seed is found, no other is. */
    @Setup
    public void check() throws IOException {
        TorchSeeds own = TorchSeeds.range(SEED, SEED + 1);
        boolean found = new TorchSearch(own, 1, 1)
                .search(parameters, Set.of(), SILENT)
                .best()
                .isPresent();
        if (!found || miss().best().isPresent()) {
            throw new IllegalStateException("the search does not tell the model's seed from others");
        }
    }

    /** {@return what is found: nothing, after all positions of all seeds} */
    @Benchmark
    public TorchSearchResult miss() throws IOException {
        return search.search(parameters, Set.of(), SILENT);
    }
}
