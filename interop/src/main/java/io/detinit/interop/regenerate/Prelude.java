package io.detinit.interop.regenerate;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.GraphPrelude;
import io.detinit.interop.onnx.function.GeneratorFunctions;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The nodes that compute some tensors of a model, and what they need. */
final class Prelude {

    private static final String PREFIX = GeneratorFunctions.PREFIX;

    /** The layers of one seed. */
    private record Addresses(List<String> names, List<Long> layers) {}

    private final int opset;
    private final Map<GeneratedTensor, MovedValues> tensors;

    /**
     * A prelude.
     *
     * @param opset the version of the default operator set that the model has, or will have
     * @param tensors the tensors and what is put into their initial values
     */
    Prelude(int opset, Map<GeneratedTensor, MovedValues> tensors) {
        this.opset = opset;
        this.tensors = new LinkedHashMap<>(tensors);
    }

    /** The prelude for a model. */
    GraphPrelude graph() {
        Set<String> replaced = new LinkedHashSet<>();
        tensors.keySet().forEach(tensor -> replaced.add(tensor.info().name()));
        List<OnnxMl.NodeProto> nodes = nodes();
        return new GraphPrelude(
                replaced,
                nodes.stream().map(OnnxMl.NodeProto::toByteArray).toList(),
                initializers(),
                functions(nodes).stream().map(OnnxMl.FunctionProto::toByteArray).toList(),
                GeneratorFunctions.DOMAIN,
                opset,
                GeneratorFunctions.IR_VERSION);
    }

    private Map<String, TensorView> initializers() {
        Map<String, TensorView> all = new LinkedHashMap<>();
        tensors.forEach((tensor, moved) ->
                all.putAll(moved.initializers(PREFIX + tensor.info().name())));
        return all;
    }

    private List<OnnxMl.FunctionProto> functions(List<OnnxMl.NodeProto> nodes) {
        GeneratorFunctions functions = new GeneratorFunctions(opset);
        return nodes.stream()
                .filter(node -> node.getDomain().equals(GeneratorFunctions.DOMAIN))
                .map(OnnxMl.NodeProto::getOpType)
                .distinct()
                .map(functions::function)
                .toList();
    }

    private List<OnnxMl.NodeProto> nodes() {
        Map<Long, Addresses> seeds = new LinkedHashMap<>();
        long count = 1;
        List<OnnxMl.NodeProto> calls = new ArrayList<>();
        for (Map.Entry<GeneratedTensor, MovedValues> entry : tensors.entrySet()) {
            GeneratedTensor tensor = entry.getKey();
            Addresses addresses = seeds.computeIfAbsent(tensor.init().seed(), seed -> {
                String suffix = seeds.isEmpty() ? "" : "#" + (seeds.size() + 1);
                return new Addresses(
                        List.of(PREFIX + "hashes" + suffix, PREFIX + "states" + suffix), new ArrayList<>());
            });
            int index = addresses.layers().indexOf(tensor.init().layer());
            if (index < 0) {
                index = addresses.layers().size();
                addresses.layers().add(tensor.init().layer());
            }
            count = Math.max(count, tensor.indices());
            calls.addAll(calls(tensor, entry.getValue(), addresses.names(), index));
        }
        List<OnnxMl.NodeProto> nodes = new ArrayList<>();
        for (Map.Entry<Long, Addresses> seed : seeds.entrySet()) {
            Addresses addresses = seed.getValue();
            nodes.add(OnnxMl.NodeProto.newBuilder()
                    .setDomain(GeneratorFunctions.DOMAIN)
                    .setOpType("Addresses")
                    .setName(addresses.names().get(0))
                    .addAllOutput(addresses.names())
                    .addAttribute(GeneratedTensor.integer("seed", seed.getKey()))
                    .addAttribute(GeneratedTensor.integers(
                            "layers",
                            addresses.layers().stream()
                                    .mapToLong(Long::longValue)
                                    .toArray()))
                    .addAttribute(GeneratedTensor.integer("count", count))
                    .build());
        }
        nodes.addAll(calls);
        return nodes;
    }

    private static List<OnnxMl.NodeProto> calls(
            GeneratedTensor tensor, MovedValues moved, List<String> addresses, int index) {
        List<OnnxMl.NodeProto> calls = new ArrayList<>();
        String name = tensor.info().name();
        String initial = PREFIX + name + "/initial";
        calls.add(tensor.call(addresses, index, initial));
        if (tensor.info().dtype() != DType.F32) {
            String rounded = PREFIX + name + "/rounded";
            calls.add(OnnxMl.NodeProto.newBuilder()
                    .setOpType("Cast")
                    .setName(rounded)
                    .addInput(initial)
                    .addOutput(rounded)
                    .addAttribute(
                            GeneratedTensor.integer("to", type(tensor.info().dtype())))
                    .build());
            initial = rounded;
        }
        calls.add(moved.call(initial, PREFIX + name, tensor.info().shape(), name));
        return calls;
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case F32 -> OnnxMl.TensorProto.DataType.FLOAT_VALUE;
            case F16 -> OnnxMl.TensorProto.DataType.FLOAT16_VALUE;
            case BF16 -> OnnxMl.TensorProto.DataType.BFLOAT16_VALUE;
            case I32 -> OnnxMl.TensorProto.DataType.INT32_VALUE;
            case U8 -> OnnxMl.TensorProto.DataType.UINT8_VALUE;
            default -> throw new IllegalArgumentException("no weights of " + dtype + " are computed");
        };
    }

    /** A model without inputs whose outputs are the tensors. */
    byte[] model() throws IOException {
        List<OnnxMl.NodeProto> nodes = nodes();
        OnnxMl.GraphProto.Builder graph =
                OnnxMl.GraphProto.newBuilder().setName("detinit").addAllNode(nodes);
        for (Map.Entry<String, TensorView> entry : initializers().entrySet()) {
            TensorView tensor = entry.getValue();
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
            tensor.readBytes(0, bytes);
            bytes.flip();
            graph.addInitializer(OnnxMl.TensorProto.newBuilder()
                    .setName(entry.getKey())
                    .setDataType(type(tensor.info().dtype()))
                    .addAllDims(dims(tensor.info().shape()))
                    .setRawData(ByteString.copyFrom(bytes)));
        }
        for (GeneratedTensor tensor : tensors.keySet()) {
            OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
            dims(tensor.info().shape())
                    .forEach(dim -> shape.addDim(
                            OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(dim)));
            graph.addOutput(OnnxMl.ValueInfoProto.newBuilder()
                    .setName(tensor.info().name())
                    .setType(OnnxMl.TypeProto.newBuilder()
                            .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                    .setElemType(type(tensor.info().dtype()))
                                    .setShape(shape))));
        }
        return OnnxMl.ModelProto.newBuilder()
                .setIrVersion(GeneratorFunctions.IR_VERSION)
                .setGraph(graph)
                .addAllFunctions(functions(nodes))
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(opset))
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder()
                        .setDomain(GeneratorFunctions.DOMAIN)
                        .setVersion(1))
                .build()
                .toByteArray();
    }

    private static List<Long> dims(TensorShape shape) {
        return Arrays.stream(shape.dims()).boxed().toList();
    }
}
