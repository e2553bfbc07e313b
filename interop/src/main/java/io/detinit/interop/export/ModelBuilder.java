package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Puts a model together from the graph of the second run. */
final class ModelBuilder {

    /**
     * An input or output.
     *
     * @param name its name
     * @param shape -1 on axes that grow with the batch
     * @param now its shape for this batch
     * @param batch the batch
     * @param dataType its dtype in the model
     */
    record Value(String name, Shape shape, Shape now, long batch, DataType dataType) {}

    private final OnnxGraph graph;
    private final Initializers initializers;
    private final List<Value> inputs;
    private final List<Value> outputs = new ArrayList<>();
    private final Map<String, Parameter> used = new LinkedHashMap<>();
    private final List<OnnxGraph.Node> nodes;
    private final Map<String, String> names = new HashMap<>();
    private final Set<String> taken = new HashSet<>();

    /**
     * A model.
     *
     * @param inputs under their names
     * @param values the outputs under the names of the graph
     * @param outputNames the names that they get
     */
    ModelBuilder(
            OnnxGraph graph,
            Initializers initializers,
            List<Value> inputs,
            List<Value> values,
            List<String> outputNames) {
        this.graph = graph;
        this.initializers = initializers;
        this.inputs = inputs;
        nameOutputs(values, outputNames);
        this.nodes = graph.needed(values(values));
        Set<String> consumed = new HashSet<>();
        nodes.forEach(node -> consumed.addAll(node.inputs()));
        initializers.byName().forEach((name, parameter) -> {
            if (consumed.contains(name)) {
                used.put(name, parameter);
            }
        });
        inputs.forEach(input -> taken.add(input.name()));
        taken.addAll(initializers.byName().keySet());
        taken.addAll(outputNames);
    }

    private List<String> values(List<Value> values) {
        List<String> all = new ArrayList<>(names.keySet());
        values.forEach(value -> all.add(value.name()));
        return all;
    }

    /** A value is renamed where it can be; an input, a parameter or one that is two outputs goes through Identity. */
    private void nameOutputs(List<Value> values, List<String> outputNames) {
        Set<String> parameters = initializers.byName().keySet();
        for (int k = 0; k < values.size(); k++) {
            Value value = values.get(k);
            String inner = value.name();
            boolean given = parameters.contains(inner)
                    || inputs.stream().anyMatch(i -> i.name().equals(inner));
            if (given || names.containsKey(inner)) {
                names.put(graph.node("Identity", inner), outputNames.get(k));
            } else {
                names.put(inner, outputNames.get(k));
            }
            outputs.add(new Value(outputNames.get(k), value.shape(), value.now(), value.batch(), value.dataType()));
        }
    }

    Map<String, Parameter> parameters() {
        return used;
    }

    /**
     * The model.
     *
     * @param data fills in the elements of a parameter's tensor
     */
    OnnxMl.ModelProto build(Map<String, String> metadata, BiConsumer<OnnxMl.TensorProto.Builder, NDArray> data) {
        OnnxMl.GraphProto.Builder proto = OnnxMl.GraphProto.newBuilder().setName("detinit");
        int index = 0;
        for (OnnxGraph.Node node : nodes) {
            proto.addNode(named(node, index++));
        }
        used.forEach((name, parameter) -> {
            NDArray array = parameter.getArray();
            OnnxMl.TensorProto.Builder tensor = OnnxMl.TensorProto.newBuilder()
                    .setName(name)
                    .setDataType(OnnxTypes.code(array.getDataType()))
                    .addAllDims(OnnxTypes.dims(array.getShape().getShape()));
            data.accept(tensor, array);
            proto.addInitializer(tensor);
        });
        inputs.forEach(input -> proto.addInput(info(input)));
        outputs.forEach(output -> proto.addOutput(info(output)));
        OnnxMl.ModelProto.Builder model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(Opset.irVersion(graph.opset()))
                .setProducerName("detinit")
                .setGraph(proto)
                .addOpsetImport(
                        OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(graph.opset()));
        metadata.forEach((key, text) -> model.addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(text)));
        return model.build();
    }

    /** The elements inside the model. */
    static void inside(OnnxMl.TensorProto.Builder tensor, NDArray array) {
        tensor.setRawData(ByteString.copyFrom(OnnxTypes.littleEndian(array)));
    }

    private OnnxMl.NodeProto named(OnnxGraph.Node node, int index) {
        OnnxMl.NodeProto.Builder proto = node.proto().setName(node.operator() + "_" + index);
        for (String input : node.inputs()) {
            proto.addInput(names.getOrDefault(input, input));
        }
        for (int k = 0; k < node.outputs().size(); k++) {
            String inner = node.outputs().get(k);
            String name = names.get(inner);
            if (name == null) {
                name = node.operator() + "_" + index + "_out" + (k == 0 ? "" : "_" + k);
                while (!taken.add(name)) {
                    name = name + "_";
                }
                names.put(inner, name);
            }
            proto.addOutput(name);
        }
        return proto.build();
    }

    /** The batch axis is N; an axis of several values per sample is called after how many, such as 3N. */
    private static OnnxMl.ValueInfoProto info(Value value) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (int axis = 0; axis < value.now().dimension(); axis++) {
            OnnxMl.TensorShapeProto.Dimension.Builder dim = OnnxMl.TensorShapeProto.Dimension.newBuilder();
            long size = value.now().get(axis);
            if (value.shape().get(axis) != -1) {
                dim.setDimValue(size);
            } else {
                dim.setDimParam(size == value.batch() ? "N" : size / value.batch() + "N");
            }
            shape.addDim(dim);
        }
        DataType type = value.dataType();
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(value.name())
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(OnnxTypes.code(type))
                                .setShape(shape)))
                .build();
    }
}
