package io.detinit.benchmarks;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

/**
 * Opening a checkpoint of 5 GiB, and hashing all of it on all cores beside {@code sha256sum} on one. In a heap of 64 MB, which no
 * part of the file would fit.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "-Xmx64m")
public class OpenBenchmark {

    private Path folder = Path.of("");
    private Path safetensors = Path.of("");
    private Path torch = Path.of("");

    /** Makes the files; the gate: every tensor is listed and holds what was written. */
    @Setup(Level.Trial)
    public void make() throws IOException {
        folder = Files.createTempDirectory("detinit-open");
        safetensors = LargeFiles.safetensors(folder.resolve("large.safetensors"));
        torch = LargeFiles.torch(folder.resolve("large.pt"));
        for (Path path : List.of(safetensors, torch)) {
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                if (checkpoint.tensors().size() != LargeFiles.TENSORS
                        || checkpoint
                                        .tensors()
                                        .get(LargeFiles.TENSORS - 1)
                                        .view(1 << 25, 4)
                                        .getInt()
                                != 0) {
                    throw new IllegalStateException(path + " is not what was written");
                }
            }
        }
    }

    /** Removes the files. */
    @TearDown(Level.Trial)
    public void remove() throws IOException {
        Files.deleteIfExists(safetensors);
        Files.deleteIfExists(torch);
        Files.deleteIfExists(folder);
    }

    private static int open(Path path) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            return checkpoint.tensors().size();
        }
    }

    /** {@return the number of tensors} */
    @Benchmark
    public int openSafetensors() throws IOException {
        return open(safetensors);
    }

    /** {@return the number of tensors} */
    @Benchmark
    public int openTorch() throws IOException {
        return open(torch);
    }

    private static List<String> hash(Path path) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            int threads = Runtime.getRuntime().availableProcessors();
            return TensorHash.sha256(checkpoint.tensors(), threads, bytes -> {});
        }
    }

    /** {@return the hash of every tensor, on all cores} */
    @Benchmark
    public List<String> hashSafetensors() throws IOException {
        return hash(safetensors);
    }

    /** {@return the hash of every tensor, on all cores} */
    @Benchmark
    public List<String> hashTorch() throws IOException {
        return hash(torch);
    }

    /** {@return the exit code of the peer, which uses one core} */
    @Benchmark
    public int sha256sum() throws IOException, InterruptedException {
        return new ProcessBuilder("sha256sum", safetensors.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
