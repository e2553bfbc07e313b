package io.detinit.benchmarks;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.shrink.ModelShrinker;
import io.detinit.interop.shrink.ShrinkOptions;
import io.detinit.interop.shrink.ShrinkReport;
import io.detinit.interop.shrink.SpeedUp;
import io.detinit.interop.shrink.StructuredUnits;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A 784-1024-1024-10 MLP in ONNX Runtime at batch 64, whole against half its units removed, in turns. Before the clock starts the
 * smaller model must have 512 units in each hidden layer and give the same outputs as the pruned one.
 *
 * <p>Arguments: rounds, runs of each model in a round, threads; {@code 5 200 1} unless given.
 */
public final class ShrinkSpeed {

    private static final int[] WIDTHS = {784, 1024, 1024, 10};
    private static final int BATCH = 64;
    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private ShrinkSpeed() {}

    /**
     * Measures.
     *
     * @param args as above
     * @throws IOException if a model cannot be written or run
     */
    public static void main(String[] args) throws IOException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        int runs = args.length > 1 ? Integer.parseInt(args[1]) : 200;
        int threads = args.length > 2 ? Integer.parseInt(args[2]) : 1;
        Path folder = Files.createTempDirectory("shrink-speed");
        Path whole = folder.resolve("whole.onnx");
        Path pruned = folder.resolve("pruned.onnx");
        Path small = folder.resolve("small.onnx");
        try {
            Files.write(whole, mlp().toByteArray());
            halve(whole, pruned);
            gate(pruned, small, threads);
            for (int round = 0; round < rounds; round++) {
                SpeedUp speed = SpeedUp.measure(whole, small, BATCH, threads, runs);
                OUT.printf(
                        Locale.ROOT,
                        "batch %d, %d threads: %.4f ms -> %.4f ms, %.2f times as fast%n",
                        speed.batch(),
                        threads,
                        speed.before().median(),
                        speed.after().median(),
                        speed.ratio());
            }
        } finally {
            for (Path file : new Path[] {whole, pruned, small, folder}) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void halve(Path whole, Path pruned) throws IOException {
        try (OnnxCheckpoint model = OnnxCheckpoint.open(whole)) {
            StructuredUnits.Choice half = StructuredUnits.choose(
                    model,
                    Baseline.none(model),
                    new StructuredUnits.Amount(Criterion.MAGNITUDE, 0.5, Selection.Scope.LAYER),
                    name -> true,
                    1);
            Pruner.zero(model, half.masks(), Destination.dense(pruned, Map.of()));
        }
    }

    private static void gate(Path pruned, Path small, int threads) throws IOException {
        try (OnnxCheckpoint model = OnnxCheckpoint.open(pruned)) {
            ShrinkReport report = ModelShrinker.shrink(model, small, Map.of(), ShrinkOptions.of(threads));
            if (report.removedUnits() != WIDTHS[1] / 2 + WIDTHS[2] / 2
                    || report.proof().isEmpty()) {
                throw new IllegalStateException("the smaller model is not what was asked for: " + report.layers());
            }
            OUT.println("equal outputs, largest difference "
                    + report.proof().get().maxRelativeDifference()
                    + " of the largest; MACs " + report.before().orElseThrow().macs() + " -> "
                    + report.after().orElseThrow().macs());
        }
    }

    private static OnnxMl.ModelProto mlp() {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("mlp")
                .addInput(value("x", WIDTHS[0]))
                .addOutput(value("y", WIDTHS[3]));
        String at = "x";
        for (int layer = 1; layer < WIDTHS.length; layer++) {
            boolean last = layer == WIDTHS.length - 1;
            String made = last ? "y" : "h" + layer;
            graph.addInitializer(tensor("w" + layer, layer, Scheme.HE, WIDTHS[layer], WIDTHS[layer - 1]));
            graph.addInitializer(tensor("b" + layer, 10 + layer, Scheme.custom(0.1), WIDTHS[layer]));
            graph.addNode(OnnxMl.NodeProto.newBuilder()
                    .setOpType("Gemm")
                    .addInput(at)
                    .addInput("w" + layer)
                    .addInput("b" + layer)
                    .addOutput(made)
                    .addAttribute(OnnxMl.AttributeProto.newBuilder()
                            .setName("transB")
                            .setType(OnnxMl.AttributeProto.AttributeType.INT)
                            .setI(1)));
            at = made;
            if (!last) {
                at = "a" + layer;
                graph.addNode(OnnxMl.NodeProto.newBuilder()
                        .setOpType("Relu")
                        .addInput(made)
                        .addOutput(at));
            }
        }
        return OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph)
                .build();
    }

    private static OnnxMl.TensorProto tensor(String name, int layer, Scheme scheme, long... dims) {
        float[] values = new TensorInit(42, layer, TensorShape.of(dims), scheme).toArray();
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        OnnxMl.TensorProto.Builder tensor = OnnxMl.TensorProto.newBuilder()
                .setName(name)
                .setDataType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
                .setRawData(ByteString.copyFrom(bytes));
        for (long dim : dims) {
            tensor.addDims(dim);
        }
        return tensor.build();
    }

    private static OnnxMl.ValueInfoProto value(String name, long width) {
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
                                .setShape(OnnxMl.TensorShapeProto.newBuilder()
                                        .addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder()
                                                .setDimParam("N"))
                                        .addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder()
                                                .setDimValue(width)))))
                .build();
    }
}
