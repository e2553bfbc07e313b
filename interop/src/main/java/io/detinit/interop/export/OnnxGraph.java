package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An ONNX graph that grows as a chain: each node takes the value of the one before it. Not thread-safe. */
final class OnnxGraph {

    static final String INPUT = "input";
    static final String OUTPUT = "output";

    /** Leaves room for names, nodes and metadata below the 2 GiB of a protobuf message. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - (64L << 20);

    private final Function<Parameter, String> names;
    private final OnnxMl.GraphProto.Builder graph =
            OnnxMl.GraphProto.newBuilder().setName("detinit");
    private final IdentityHashMap<Parameter, String> parameters = new IdentityHashMap<>();
    private final Set<String> taken = new HashSet<>(Set.of(INPUT, OUTPUT));
    private @Nullable DataType dataType;
    private long bytes;
    private @Nullable Shape inputShape;
    private @Nullable Shape outputShape;

    OnnxGraph(Function<Parameter, String> names) {
        this.names = names;
    }

    /** Adds a parameter once and returns its name. */
    String parameter(Parameter parameter, Shape expected, String place) {
        String known = parameters.get(parameter);
        if (known != null) {
            return known;
        }
        String name = names.apply(parameter);
        String label = UnsupportedBlockException.label(place) + ", parameter '" + parameter.getName() + "'";
        if (name == null || name.isEmpty()) {
            throw new IllegalArgumentException(label + ": no name was given for it");
        }
        if (!taken.add(name)) {
            throw new IllegalArgumentException(label + ": the name '" + name
                    + "' is taken; names must be unique, 'input' and 'output' are reserved");
        }
        if (!parameter.isInitialized()) {
            throw new IllegalArgumentException(label + ": is not initialised; call block.initialize first");
        }
        NDArray array = parameter.getArray();
        if (!array.getShape().equals(expected)) {
            throw new IllegalArgumentException(
                    label + ": its shape is " + array.getShape() + "; the input of the block" + " wants " + expected);
        }
        int elementType = elementType(array.getDataType(), label);
        bytes = Math.addExact(bytes, Math.multiplyExact(array.size(), (long)
                array.getDataType().getNumOfBytes()));
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(label + ": with it the parameters have " + bytes + " bytes; at most "
                    + MAX_BYTES + " fit an ONNX file");
        }
        graph.addInitializer(OnnxMl.TensorProto.newBuilder()
                .setName(name)
                .setDataType(elementType)
                .addAllDims(dims(expected))
                .setRawData(littleEndian(array)));
        parameters.put(parameter, name);
        return name;
    }

    private int elementType(DataType type, String label) {
        if (type != DataType.FLOAT32 && type != DataType.FLOAT16) {
            throw new IllegalArgumentException(
                    label + ": its dtype is " + type + "; only float32 and float16 are exported");
        }
        DataType before = dataType;
        if (before != null && before != type) {
            throw new IllegalArgumentException(
                    label + ": its dtype is " + type + ", that of those before it " + before + "; convert one");
        }
        dataType = type;
        return onnxType();
    }

    private int onnxType() {
        return dataType == DataType.FLOAT16
                ? OnnxMl.TensorProto.DataType.FLOAT16_VALUE
                : OnnxMl.TensorProto.DataType.FLOAT_VALUE;
    }

    private static ByteString littleEndian(NDArray array) {
        ByteBuffer bytes;
        if (array.getDataType() == DataType.FLOAT32) {
            float[] values = array.toFloatArray();
            bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
        } else {
            ByteBuffer nativeBytes = array.toByteBuffer().order(ByteOrder.nativeOrder());
            bytes = ByteBuffer.allocate(nativeBytes.remaining()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asShortBuffer().put(nativeBytes.asShortBuffer());
        }
        return ByteString.copyFrom(bytes);
    }

    private static Iterable<Long> dims(Shape shape) {
        return Arrays.stream(shape.getShape()).boxed().toList();
    }

    /** Adds a node on the chain's last value. */
    void node(OnnxMl.NodeProto.Builder node, String... moreInputs) {
        int index = graph.getNodeCount();
        String operator = node.getOpType();
        node.addInput(index == 0 ? INPUT : graph.getNode(index - 1).getOutput(0));
        for (String input : moreInputs) {
            node.addInput(input);
        }
        graph.addNode(node.setName(operator + "_" + index).addOutput(operator + "_" + index + "_out"));
    }

    /** Sets the shapes of input and output, the batch axis left out. */
    void shapes(Shape input, Shape output) {
        this.inputShape = input;
        this.outputShape = output;
    }

    /** The finished model. */
    byte[] model(Map<String, String> metadata) {
        Shape input = inputShape;
        Shape output = outputShape;
        if (input == null || output == null) {
            throw new IllegalStateException("shapes are not set");
        }
        if (graph.getNodeCount() == 0) {
            node(OnnxMl.NodeProto.newBuilder().setOpType("Identity"));
        }
        renameValues();
        graph.addInput(value(INPUT, input)).addOutput(value(OUTPUT, output));
        OnnxMl.ModelProto.Builder model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(OnnxExporter.IR_VERSION)
                .setProducerName("detinit")
                .setGraph(graph)
                .addOpsetImport(
                        OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(OnnxExporter.OPSET));
        metadata.forEach((key, text) -> model.addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(text)));
        return model.build().toByteArray();
    }

    /** Keeps the values between nodes apart from the parameters' names, and calls the last one "output". */
    private void renameValues() {
        String previous = INPUT;
        int last = graph.getNodeCount() - 1;
        for (int k = 0; k <= last; k++) {
            OnnxMl.NodeProto.Builder node = graph.getNodeBuilder(k);
            String name = OUTPUT;
            if (k < last) {
                name = node.getOutput(0);
                while (!taken.add(name)) {
                    name = name + "_";
                }
            }
            node.setInput(0, previous).setOutput(0, name);
            previous = name;
        }
    }

    private OnnxMl.ValueInfoProto value(String name, Shape sample) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder()
                .addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
        for (long dim : sample.getShape()) {
            shape.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(dim));
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(onnxType())
                                .setShape(shape)))
                .build();
    }
}
