package io.detinit.benchmarks;

import io.detinit.generator.PlannedTensor;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * The audit of a model of 1 GiB (16 matrices of 4096 x 4096 float32), on all cores, file in the page cache; beside it the
 * generator alone, and PyTorch loading two files, subtracting and counting.
 *
 * <p>PyTorch is found through the environment variable DETINIT_ORACLE_PYTHON, a Python with torch and safetensors. The folder of the
 * files (4 GiB) is the system property {@code detinit.benchmark.folder}, else a temporary one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx256m"})
public class AuditBenchmark {

    private static final int TENSORS = LargeModel.TENSORS;
    private static final TensorShape SHAPE = LargeModel.SHAPE;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private final Plan plan = new Plan.Addressed(LargeModel.plan());
    private Path folder = Path.of("");
    private long moved;

    /** A trained tensor: every third weight moved by a thousandth of itself. */
    private record Trained(TensorInfo info, TensorInit init, boolean moved) implements TensorView {
        @Override
        public void readBytes(long position, ByteBuffer destination) {
            int count = destination.remaining() / Float.BYTES;
            float[] values = new float[count];
            long first = position / Float.BYTES;
            init.fillParallel(first, values, 0, count);
            ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            for (int k = 0; k < count; k++) {
                boolean moves = moved && (first + k) % 3 == 0;
                out.putFloat(moves ? values[k] + Math.copySign(1e-3f, values[k]) : values[k]);
            }
            destination.position(destination.limit());
        }
    }

    /** Writes the files, and checks the audit's count and the file's round trip. */
    @Setup
    public void setUp() throws IOException {
        String given = System.getProperty("detinit.benchmark.folder", "");
        folder = given.isEmpty() ? Files.createTempDirectory("detinit-benchmark") : Path.of(given);
        for (boolean trained : new boolean[] {true, false}) {
            Path path = file(trained, "safetensors");
            if (!Files.exists(path)) {
                List<TensorView> tensors = new ArrayList<>();
                for (PlannedTensor tensor : LargeModel.plan().tensors()) {
                    TensorInfo info = new TensorInfo(tensor.name(), DType.F32, SHAPE, TensorInfo.Kind.PARAMETER);
                    tensors.add(new Trained(info, LargeModel.plan().init(tensor), trained));
                }
                SafetensorsWriter.write(path, tensors, Map.of());
            }
        }
        long elements = (long) TENSORS * LargeModel.SIDE * LargeModel.SIDE;
        moved = 0;
        for (int k = 0; k < TENSORS; k++) {
            moved += ((long) LargeModel.SIDE * LargeModel.SIDE + 2) / 3;
        }
        AuditReport report = audit();
        if (report.moved() != moved || report.total().bitIdentical() != elements - moved) {
            throw new IllegalStateException(report.moved() + " moved, " + moved + " should have");
        }
    }

    private Path file(boolean trained, String ending) {
        return folder.resolve((trained ? "trained." : "initial.") + ending);
    }

    /** {@return the audit of the safetensors file against the regenerated weights} */
    @Benchmark
    public AuditReport audit() throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file(true, "safetensors"))) {
            return new Auditor(AuditOptions.of(new Threshold(1e-5)), threads)
                    .audit(checkpoint, Baseline.of(plan, checkpoint));
        }
    }

    /** {@return the audit against the other file} */
    @Benchmark
    public AuditReport auditOfTwoFiles() throws IOException {
        return auditOfTwoFiles("safetensors");
    }

    /** {@return the audit of a .pt file against the other one; PyTorch makes them} */
    @Benchmark
    public AuditReport auditOfTwoPtFiles(PyTorch maker) throws IOException {
        return auditOfTwoFiles("pt");
    }

    private AuditReport auditOfTwoFiles(String ending) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file(true, ending));
                Checkpoint initial = Checkpoints.open(file(false, ending))) {
            AuditReport report = new Auditor(AuditOptions.of(new Threshold(1e-5)), threads)
                    .audit(checkpoint, Baseline.of(initial, checkpoint));
            if (report.moved() != moved) {
                throw new IllegalStateException(report.moved() + " moved, " + moved + " should have");
            }
            return report;
        }
    }

    /** The generator alone: the same weights on as many threads, each block over the last one. */
    @Benchmark
    public void generator(Blackhole sink) throws IOException {
        GeneratorPeer.run(plan, threads, sink);
    }

    /** {@return how many weights PyTorch counts, of two safetensors files} */
    @Benchmark
    public long pytorchSafetensors(PyTorch python) throws IOException {
        return python.run("safetensors", file(true, "safetensors"), file(false, "safetensors"), moved);
    }

    /** {@return how many weights PyTorch counts, of two .pt files} */
    @Benchmark
    public long pytorchPt(PyTorch python) throws IOException {
        return python.run("pt", file(true, "pt"), file(false, "pt"), moved);
    }

    /** A running Python; it makes the .pt files from the others. */
    @State(Scope.Benchmark)
    public static class PyTorch {

        private static final Path SCRIPT = Path.of("benchmarks/src/main/python/audit_peer.py");
        private static final String CONVERT = """
                import sys, torch
                from safetensors.torch import load_file
                for name in ('trained', 'initial'):
                    path = sys.argv[1] + '/' + name
                    torch.save(load_file(path + '.safetensors'), path + '.pt')
                """;

        private @Nullable Process process;
        private long peak;

        /** Starts it. */
        @Setup
        public void start(AuditBenchmark benchmark) throws IOException, InterruptedException {
            String python = System.getenv("DETINIT_ORACLE_PYTHON");
            if (python == null) {
                throw new IllegalStateException(
                        "DETINIT_ORACLE_PYTHON does not name a Python with torch and safetensors");
            }
            if (!Files.exists(benchmark.file(false, "pt"))) {
                new ProcessBuilder(python, "-c", CONVERT, benchmark.folder.toString())
                        .inheritIO()
                        .start()
                        .waitFor();
            }
            process = new ProcessBuilder(python, SCRIPT.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        }

        long run(String kind, Path trained, Path initial, long expected) throws IOException {
            Process running = Objects.requireNonNull(process);
            BufferedWriter to = running.outputWriter(StandardCharsets.UTF_8);
            BufferedReader from = running.inputReader(StandardCharsets.UTF_8);
            to.write(kind + " " + trained + " " + initial + "\n");
            to.flush();
            String[] answer = from.readLine().split(" ", -1);
            long count = Long.parseLong(answer[0]);
            if (count != expected) {
                throw new IllegalStateException("PyTorch counts " + count + ", not " + expected);
            }
            peak = Long.parseLong(answer[1]);
            return count;
        }

        /** Stops it. */
        @TearDown
        public void stop() {
            System.out.println("PyTorch's peak memory: " + peak / 1024 + " MiB");
            Objects.requireNonNull(process).destroy();
        }
    }
}
