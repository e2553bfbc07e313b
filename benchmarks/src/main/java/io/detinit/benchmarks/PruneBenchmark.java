package io.detinit.benchmarks;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
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

/**
 * Pruning an ONNX model of 1 GiB (16 matrices of 4096 x 4096 float32, half of them of MatMul, which keeps inputs first) by a
 * threshold, from file to file, the new file forced to the disk; beside it Python's onnx with NumPy, which does not force.
 *
 * <p>Python is found through the environment variable DETINIT_ORACLE_PYTHON, one with onnx. The folder of the files (3 GiB) is the
 * system property {@code detinit.benchmark.folder}, else a temporary one; the files are deleted at the end.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx512m"})
public class PruneBenchmark {

    private static final int TENSORS = 16;
    private static final int SIDE = 4096;
    private static final TensorShape SHAPE = TensorShape.of(SIDE, SIDE);

    /** About the half of weights of this standard deviation lie below. */
    private static final double THRESHOLD = 0.015;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private Path folder = Path.of("");
    private Path model = Path.of("");
    private Path pruned = Path.of("");
    private Path peer = Path.of("");
    private long zeros;

    private static InitPlan plan() {
        List<PlannedTensor> tensors = new ArrayList<>();
        for (int k = 0; k < TENSORS; k++) {
            tensors.add(new PlannedTensor("layers." + k + ".weight", SHAPE, k, Scheme.HE));
        }
        return new InitPlan(42, tensors);
    }

    /** Writes the model. */
    @Setup
    public void setUp() throws IOException {
        String given = System.getProperty("detinit.benchmark.folder", "");
        folder = given.isEmpty() ? Files.createTempDirectory("detinit-benchmark") : Path.of(given);
        model = folder.resolve("prune-model.onnx");
        pruned = folder.resolve("prune-ours.onnx");
        peer = folder.resolve("prune-peer.onnx");
        OnnxFile.write(model, TENSORS, SIDE, PruneBenchmark::weights);
        PruneReport report = magnitude();
        zeros = report.prunable() - report.kept();
    }

    /** Trained weights in the order of the file: every third one moved by a thousandth. */
    private static float[] weights(int tensor) {
        float[] values = new TensorInit(42, tensor, SHAPE, Scheme.HE).toArray();
        for (int k = 0; k < values.length; k += 3) {
            values[k] += Math.copySign(1e-3f, values[k]);
        }
        return values;
    }

    /** {@return what was pruned by magnitude, to zero} */
    @Benchmark
    public PruneReport magnitude() throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            return prune(checkpoint, Baseline.none(checkpoint), Criterion.MAGNITUDE, THRESHOLD, Fill.ZERO);
        }
    }

    /** {@return what was pruned by movement from regenerated weights, back to them} */
    @Benchmark
    public PruneReport movement() throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            Baseline baseline = Baseline.of(new Plan.Addressed(plan()), checkpoint);
            return prune(checkpoint, baseline, Criterion.MOVEMENT, 1e-5, Fill.INIT);
        }
    }

    private PruneReport prune(
            Checkpoint checkpoint, Baseline baseline, Criterion criterion, double threshold, Fill fill)
            throws IOException {
        Selection selection = new Selection(criterion, new Selection.AtMost(threshold), Selection.Scope.GLOBAL);
        return new Pruner(baseline, threads).prune(checkpoint, selection, fill, Destination.dense(pruned, Map.of()));
    }

    /** {@return how many zeros Python's file has, through the helper functions of onnx} */
    @Benchmark
    public long pythonHelper(Python python) throws IOException {
        return python.run("helper", this);
    }

    /** {@return how many zeros Python's file has, on the raw bytes} */
    @Benchmark
    public long pythonFromBuffer(Python python) throws IOException {
        return python.run("frombuffer", this);
    }

    /** Deletes the files. */
    @TearDown
    public void delete() throws IOException {
        for (Path file : List.of(model, pruned, peer)) {
            Files.deleteIfExists(file);
        }
    }

    private void checkPeer() throws IOException {
        magnitude();
        try (Checkpoint ours = Checkpoints.open(pruned);
                Checkpoint theirs = Checkpoints.open(peer)) {
            for (TensorView tensor : ours.tensors()) {
                TensorView other = theirs.find(tensor.info().name()).orElseThrow();
                for (long at = 0; at < tensor.info().bytes(); at += 1 << 20) {
                    if (!Arrays.equals(floats(tensor, at), floats(other, at))) {
                        throw new IllegalStateException(tensor.info().name() + " differs from Python's at byte " + at);
                    }
                }
            }
        }
    }

    /** A mebibyte, -0 as 0: Python multiplies by 0, which keeps the sign. */
    private static float[] floats(TensorView tensor, long at) throws IOException {
        float[] values = new float[1 << 18];
        tensor.readFloats(at / Float.BYTES, values, 0, values.length);
        for (int k = 0; k < values.length; k++) {
            values[k] += 0f;
        }
        return values;
    }

    /** A running Python. */
    @State(Scope.Benchmark)
    public static class Python {

        private static final Path SCRIPT = Path.of("benchmarks/src/main/python/prune_peer.py");

        private @Nullable Process process;
        private boolean checked;
        private long peak;

        /** Starts it. */
        @Setup
        public void start() throws IOException {
            String python = System.getenv("DETINIT_ORACLE_PYTHON");
            if (python == null) {
                throw new IllegalStateException("DETINIT_ORACLE_PYTHON does not name a Python with onnx");
            }
            process = new ProcessBuilder(python, SCRIPT.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        }

        long run(String kind, PruneBenchmark benchmark) throws IOException {
            Process running = Objects.requireNonNull(process);
            BufferedWriter to = running.outputWriter(StandardCharsets.UTF_8);
            BufferedReader from = running.inputReader(StandardCharsets.UTF_8);
            to.write(kind + " " + benchmark.model + " " + benchmark.peer + " " + THRESHOLD + "\n");
            to.flush();
            String[] answer = from.readLine().split(" ", -1);
            long zeros = Long.parseLong(answer[0]);
            if (zeros != benchmark.zeros) {
                throw new IllegalStateException("Python's file has " + zeros + " zeros, not " + benchmark.zeros);
            }
            if (!checked) { // in the first warm-up
                benchmark.checkPeer();
                checked = true;
            }
            peak = Long.parseLong(answer[1]);
            return zeros;
        }

        /** Stops it. */
        @TearDown
        public void stop() {
            System.out.println("Python's peak memory: " + peak / 1024 + " MiB");
            Objects.requireNonNull(process).destroy();
        }
    }

    /** A chain of matrix products, written without the ONNX classes so that no model is ever in memory. */
    private static final class OnnxFile {

        @FunctionalInterface
        private interface Weights {
            float[] of(int tensor);
        }

        private OnnxFile() {}

        static void write(Path path, int tensors, int side, Weights weights) throws IOException {
            long raw = 4L * side * side;
            ByteArrayOutputStream start = new ByteArrayOutputStream();
            List<byte[]> heads = new ArrayList<>();
            long graphBytes = 0;
            for (int k = 0; k < tensors; k++) {
                field(start, 1, node(k)); // GraphProto.node
                heads.add(head(k, side, raw));
                graphBytes += heads.get(k).length + raw;
            }
            field(start, 2, "g".getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream model = new ByteArrayOutputStream();
            number(model, 1, 8); // ir_version
            ByteArrayOutputStream opset = new ByteArrayOutputStream();
            number(opset, 2, 17);
            field(model, 8, opset.toByteArray());
            varint(model, (7 << 3) | 2); // graph
            varint(model, graphBytes + start.size());
            model.writeBytes(start.toByteArray());
            Files.deleteIfExists(path);
            try (FileChannel channel =
                    FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(model.toByteArray()));
                ByteBuffer bytes = ByteBuffer.allocateDirect((int) raw).order(ByteOrder.LITTLE_ENDIAN);
                for (int k = 0; k < tensors; k++) {
                    channel.write(ByteBuffer.wrap(heads.get(k)));
                    bytes.clear().asFloatBuffer().put(stored(k, side, weights.of(k)));
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                }
            }
        }

        /** Every other matrix is one of MatMul, inputs first. */
        private static float[] stored(int tensor, int side, float[] logical) {
            if (tensor % 2 == 1) {
                return logical;
            }
            float[] turned = new float[logical.length];
            for (int row = 0; row < side; row++) {
                for (int col = 0; col < side; col++) {
                    turned[col * side + row] = logical[row * side + col];
                }
            }
            return turned;
        }

        private static byte[] node(int tensor) {
            ByteArrayOutputStream node = new ByteArrayOutputStream();
            text(node, 1, tensor == 0 ? "input" : "h" + (tensor - 1));
            text(node, 1, "layers." + tensor + ".weight");
            text(node, 2, "h" + tensor);
            text(node, 4, tensor % 2 == 0 ? "MatMul" : "Gemm");
            if (tensor % 2 == 1) {
                ByteArrayOutputStream attribute = new ByteArrayOutputStream();
                text(attribute, 1, "transB");
                number(attribute, 3, 1);
                number(attribute, 20, 2); // INT
                field(node, 5, attribute.toByteArray());
            }
            return node.toByteArray();
        }

        /** An initializer up to its raw data. */
        private static byte[] head(int tensor, int side, long raw) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            number(content, 1, side);
            number(content, 1, side);
            number(content, 2, 1); // FLOAT
            text(content, 8, "layers." + tensor + ".weight");
            varint(content, (9 << 3) | 2); // raw_data
            varint(content, raw);
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            varint(head, (5 << 3) | 2); // GraphProto.initializer
            varint(head, content.size() + raw);
            head.writeBytes(content.toByteArray());
            return head.toByteArray();
        }

        private static void text(ByteArrayOutputStream out, int field, String text) {
            field(out, field, text.getBytes(StandardCharsets.UTF_8));
        }

        private static void field(ByteArrayOutputStream out, int field, byte[] content) {
            varint(out, ((long) field << 3) | 2);
            varint(out, content.length);
            out.writeBytes(content);
        }

        private static void number(ByteArrayOutputStream out, int field, long value) {
            varint(out, (long) field << 3);
            varint(out, value);
        }

        private static void varint(ByteArrayOutputStream out, long value) {
            long rest = value;
            while (rest > 0x7F) {
                out.write((int) ((rest & 0x7F) | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
