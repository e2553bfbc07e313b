package io.detinit.interop.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.InvalidProtocolBufferException;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.function.GeneratorFunctions;
import io.detinit.interop.onnx.function.StoredInit;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the weights that nodes of the top-level graph compute from a seed, as {@code prune --storage regenerate} writes them. Only
 * calls of the functions whose bodies are those of {@link GeneratorFunctions}, byte for byte, are believed.
 */
final class ComputedWeights {

    private static final int MAX_MESSAGE_BYTES = 1 << 16;

    /** A node and where it lies. */
    private record Call(OnnxMl.NodeProto node, Frame frame) {

        String input(int index) {
            return index < node.getInputCount() ? node.getInput(index) : "";
        }

        OnnxMl.@Nullable AttributeProto attribute(String name) {
            return node.getAttributeList().stream()
                    .filter(attribute -> attribute.getName().equals(name))
                    .findFirst()
                    .orElse(null);
        }

        long integer(String name) {
            OnnxMl.AttributeProto attribute = attribute(name);
            return attribute == null ? -1 : attribute.getI();
        }

        long[] integers(String name) {
            OnnxMl.AttributeProto attribute = attribute(name);
            return attribute == null
                    ? new long[0]
                    : attribute.getIntsList().stream()
                            .mapToLong(Long::longValue)
                            .toArray();
        }

        double number(String name) {
            OnnxMl.AttributeProto attribute = attribute(name);
            return attribute == null || attribute.getT().getRawData().size() != Double.BYTES
                    ? Double.NaN
                    : Double.longBitsToDouble(Long.reverseBytes(
                            attribute.getT().getRawData().asReadOnlyByteBuffer().getLong()));
        }
    }

    private final ModelSource source;
    private final FileWindow file;
    private final Frame graph;
    private final TensorCollector collector;
    private final Map<String, Call> calls = new LinkedHashMap<>();
    private long bytes;

    private ComputedWeights(ModelSource source, Frame graph, TensorCollector collector) {
        this.source = source;
        this.file = source.window();
        this.graph = graph;
        this.collector = collector;
    }

    /** Adds what it finds to the collector, which has seen the graph and the functions. */
    static void find(ModelSource source, Frame graph, TensorCollector collector) throws IOException {
        List<FunctionBody> own = collector.functions().stream()
                .filter(function -> function.domain().equals(GeneratorFunctions.DOMAIN))
                .toList();
        if (own.isEmpty()) {
            return;
        }
        ComputedWeights computed = new ComputedWeights(source, graph, collector);
        for (FunctionBody function : own) {
            if (!computed.isKnown(function)) {
                source.warnings()
                        .add("function " + function.domain() + "." + function.name()
                                + " is not this version's; the weights that it computes are not read");
                return;
            }
        }
        computed.read();
        for (FunctionBody function : own) {
            collector.hideWithin(function.frame());
            collector.generator().add(function.frame());
        }
    }

    private boolean isKnown(FunctionBody function) throws IOException {
        Frame frame = function.frame();
        if (frame.to() - frame.from() > MAX_MESSAGE_BYTES) {
            return false;
        }
        byte[] body = file.bytes(frame.from(), frame.to());
        try {
            OnnxMl.FunctionProto proto = OnnxMl.FunctionProto.parseFrom(body);
            long opset =
                    proto.getOpsetImportCount() == 1 ? proto.getOpsetImport(0).getVersion() : 0;
            return opset >= GeneratorFunctions.OPSET
                    && opset <= Integer.MAX_VALUE
                    && Arrays.equals(
                            body,
                            new GeneratorFunctions((int) opset)
                                    .function(function.name())
                                    .toByteArray());
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            return false;
        }
    }

    private void read() throws IOException {
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (fields.field() != ModelField.GRAPH_NODE || fields.valueLength() > MAX_MESSAGE_BYTES) {
                continue;
            }
            Frame frame = fields.frame(graph, "node");
            Node node = Node.read(file, frame);
            boolean own = node.domain().equals(GeneratorFunctions.DOMAIN);
            boolean passes = node.domain().isEmpty()
                    && (node.operator().equals("Cast") || node.operator().equals("Identity"))
                    && !node.inputs().isEmpty()
                    && node.inputs().get(0).startsWith(GeneratorFunctions.PREFIX);
            if (own || passes) {
                Call call = new Call(OnnxMl.NodeProto.parseFrom(file.bytes(frame.from(), frame.to())), frame);
                call.node().getOutputList().forEach(output -> calls.put(output, call));
            }
        }
        for (Map.Entry<String, Call> entry : new ArrayList<>(calls.entrySet())) {
            String operator = entry.getValue().node().getOpType();
            if (operator.equals("Addresses")
                    && !collector.generator().contains(entry.getValue().frame())) {
                collector.generator().add(entry.getValue().frame());
            }
            boolean last = operator.startsWith("Moved")
                    || (operator.equals("Identity") && !entry.getKey().startsWith(GeneratorFunctions.PREFIX));
            if (last && !weight(entry.getKey(), entry.getValue())) {
                source.warnings().add("'" + entry.getKey() + "' is computed in a way that is not read");
            }
        }
    }

    /** One weight: its nodes, last to first. */
    private boolean weight(String name, Call moved) throws IOException {
        List<Frame> frames = new ArrayList<>(List.of(moved.frame()));
        DType dtype = DType.F32;
        Call initial = calls.get(moved.input(0));
        if (initial != null && initial.node().getOpType().equals("Cast")) {
            dtype = OnnxType.of(initial.integer("to")).map(OnnxType::dtype).orElse(DType.BOOL);
            frames.add(initial.frame());
            initial = calls.get(initial.input(0));
        }
        boolean known = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
        if (initial == null || !known) {
            return false;
        }
        frames.add(initial.frame());
        Optional<StoredInit> init = init(initial);
        if (init.isEmpty()) {
            return false;
        }
        TensorShape shape = init.get().order().stored(init.get().init().shape());
        bytes = Math.addExact(bytes, dtype.bytesOf(shape.elements()));
        if (bytes > TensorCollector.MAX_SPARSE_BYTES) {
            throw file.malformed(
                    "model",
                    moved.frame().fieldStart(),
                    "computed weights of more than " + TensorCollector.MAX_SPARSE_BYTES + " bytes",
                    "less");
        }
        Integer places = null;
        Integer values = null;
        if (moved.node().getOpType().startsWith("Moved")) {
            Map<String, Integer> scope = collector.scope(graph);
            places = scope.get(moved.input(1));
            values = scope.get(moved.input(2));
            if (!Arrays.equals(moved.integers("shape"), shape.dims())
                    || !isVector(places, moved.node().getOpType().equals("MovedAt") ? DType.I32 : DType.U8)
                    || !isVector(values, dtype)) {
                return false;
            }
        }
        collector.compute(
                graph,
                name,
                new Storage.Computed(
                        moved.frame(),
                        OnnxType.of(dtype),
                        shape,
                        init.get(),
                        moved.node().getOpType(),
                        places == null ? null : collector.tensors().get(places),
                        values == null ? null : collector.tensors().get(values),
                        frames));
        collector.hide(places);
        collector.hide(values);
        return true;
    }

    private boolean isVector(@Nullable Integer tensor, DType dtype) {
        if (tensor == null) {
            return false;
        }
        GraphTensor found = collector.tensors().get(tensor);
        return found.place() == GraphTensor.Place.INITIALIZER
                && found.type().dtype() == dtype
                && found.shape().rank() == 1;
    }

    private Optional<StoredInit> init(Call initial) {
        Call addresses = calls.get(initial.input(0));
        long tensor = initial.integer("tensor");
        long[] layers = addresses == null ? new long[0] : addresses.integers("layers");
        if (addresses == null
                || !addresses.equals(calls.get(initial.input(1)))
                || tensor < 0
                || tensor >= layers.length) {
            return Optional.empty();
        }
        long[] rows = initial.integers("rows");
        long[] columns = initial.integers("columns");
        long[] rowShape = initial.integers("row_shape");
        long[] columnShape = initial.integers("column_shape");
        if (rows.length != 1 || columns.length != 1 || rows[0] < 1 || columns[0] < 1) {
            return Optional.empty();
        }
        Optional<Scheme> scheme = scheme(initial);
        if (scheme.isEmpty()) {
            return Optional.empty();
        }
        try {
            boolean turned = rowShape.length == 2
                    && Arrays.equals(rowShape, new long[] {1, rows[0]})
                    && Arrays.equals(columnShape, new long[] {columns[0], 1})
                    && rows[0] * columns[0] > 1;
            long[] dims = columnShape.clone();
            if (turned) {
                dims = new long[] {rows[0], columns[0]};
            } else if (rowShape.length == 1) {
                dims[0] = columns[0];
            } else if (rowShape.length == columnShape.length && rowShape.length > 0) {
                dims[0] = rowShape[0];
            }
            TensorShape shape = TensorShape.of(dims);
            boolean fits = shape.rank() == rowShape.length && shape.rows() == rows[0] && shape.cols() == columns[0];
            return fits
                    ? Optional.of(new StoredInit(
                            new TensorInit(addresses.integer("seed"), layers[(int) tensor], shape, scheme.get()),
                            turned ? StoredOrder.IN_OUT : StoredOrder.OUT_IN))
                    : Optional.empty();
        } catch (IllegalArgumentException | ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static Optional<Scheme> scheme(Call initial) {
        try {
            return Optional.ofNullable(
                    switch (initial.node().getOpType()) {
                        case "Normal" -> Scheme.custom(initial.number("std"));
                        case "Signed" -> Scheme.signedConstant(Scheme.custom(initial.number("std")));
                        case "Uniform" -> Scheme.uniform(initial.number("bound"));
                        default -> null;
                    });
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
