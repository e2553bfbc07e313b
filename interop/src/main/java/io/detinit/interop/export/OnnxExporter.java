package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.util.Pair;
import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.interop.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Writes a sequential DJL block as an ONNX model: opset 17, IR version 8, one input {@code input} and one output {@code
 * output} with a dynamic batch axis {@code N}, weights under the names given.
 *
 * <p>Linear becomes Gemm with transB = 1, so its weight stays [out, in] as DJL and PyTorch keep it; batchFlatten becomes
 * Flatten; ReLU, Tanh, sigmoid become Relu, Tanh, Sigmoid; a lambda named Softmax ({@link #softmaxBlock}) becomes Softmax over the
 * last axis; identity and Dropout vanish. Lambdas are recognised by the names that DJL's own factories give them.
 *
 * <p>Stateless; safe for use by many threads as far as the block is.
 */
public final class OnnxExporter {

    /** The operator set the models use. */
    public static final int OPSET = 17;

    private static final int IR_VERSION = 8;
    private static final String SOFTMAX = "Softmax";

    private OnnxExporter() {}

    /**
     * A softmax over the last axis, which DJL has no block for, named so that the exporter knows it.
     *
     * @return a block
     */
    public static LambdaBlock softmaxBlock() {
        return new LambdaBlock(
                list -> new ai.djl.ndarray.NDList(list.singletonOrThrow().softmax(-1)), SOFTMAX);
    }

    /**
     * Exports a block.
     *
     * @param block an initialised SequentialBlock (nested ones are flattened), or one of the blocks it may hold
     * @param sampleShape the shape of one input sample, without the batch axis
     * @param parameters the block's parameters by the names they are to have in the file
     * @param metadata goes into the model's metadata_props
     * @return the model's bytes
     * @throws UnsupportedBlockException if a block has no ONNX form here
     * @throws IllegalArgumentException if a parameter is not among {@code parameters} or is not float32
     */
    public static byte[] export(
            Block block, Shape sampleShape, Map<String, Parameter> parameters, Map<String, String> metadata) {
        Graph graph = new Graph(parameters);
        graph.add(block, "the block");
        graph.finish();
        OnnxMl.GraphProto.Builder builder = graph.builder;
        builder.setName("detinit");
        builder.addInput(valueInfo("input", sampleShape.getShape()));
        builder.addOutput(valueInfo("output", graph.outputShape(block, sampleShape)));
        OnnxMl.ModelProto.Builder model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .setProducerName("detinit")
                .addOpsetImport(
                        OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setGraph(builder);
        metadata.forEach((key, value) -> model.addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build().toByteArray();
    }

    /**
     * Exports a block to a file, which appears whole or not at all.
     *
     * @param target the file to appear; an existing one is replaced
     * @param block as in {@link #export}
     * @param sampleShape as in {@link #export}
     * @param parameters as in {@link #export}
     * @param metadata as in {@link #export}
     * @throws IOException if writing fails
     */
    public static void write(
            Path target,
            Block block,
            Shape sampleShape,
            Map<String, Parameter> parameters,
            Map<String, String> metadata)
            throws IOException {
        AtomicFile.write(target, export(block, sampleShape, parameters, metadata));
    }

    private static OnnxMl.ValueInfoProto valueInfo(String name, long[] sampleDims) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        shape.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
        for (long dim : sampleDims) {
            shape.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(dim));
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(OnnxMl.TensorProto.DataType.FLOAT.getNumber())
                                .setShape(shape)))
                .build();
    }

    /** The graph while it grows: a chain of nodes. */
    private static final class Graph {

        final OnnxMl.GraphProto.Builder builder = OnnxMl.GraphProto.newBuilder();
        private final IdentityHashMap<Parameter, String> names = new IdentityHashMap<>();
        private String value = "input";
        private int nodes;

        Graph(Map<String, Parameter> parameters) {
            parameters.forEach((name, parameter) -> names.put(parameter, name));
        }

        void add(Block block, String place) {
            if (block instanceof SequentialBlock) {
                for (Pair<String, Block> child : block.getChildren()) {
                    add(child.getValue(), place + " / " + child.getKey());
                }
            } else if (block instanceof Linear) {
                linear(block, place);
            } else if (block instanceof LambdaBlock lambda) {
                lambda(lambda.getName(), place);
            } else if (!(block instanceof Dropout)) {
                throw new UnsupportedBlockException(place, block.getClass().getSimpleName());
            }
        }

        private void linear(Block block, String place) {
            OnnxMl.NodeProto.Builder gemm = node("Gemm");
            for (Pair<String, Parameter> pair : block.getDirectParameters()) {
                Parameter parameter = pair.getValue();
                String name = names.get(parameter);
                if (name == null) {
                    throw new IllegalArgumentException(
                            place + ": parameter '" + pair.getKey() + "' is not among the named parameters");
                }
                gemm.addInput(name);
                builder.addInitializer(graphInitializer(name, parameter));
            }
            gemm.addAttribute(intAttribute("transB", 1));
            add(gemm);
        }

        private void lambda(String name, String place) {
            switch (name) {
                case "batchFlatten" -> add(node("Flatten").addAttribute(intAttribute("axis", 1)));
                case "ReLU" -> add(node("Relu"));
                case "Tanh" -> add(node("Tanh"));
                case "sigmoid" -> add(node("Sigmoid"));
                case SOFTMAX -> add(node("Softmax").addAttribute(intAttribute("axis", -1)));
                case "identity" -> {}
                default -> throw new UnsupportedBlockException(place, "the lambda '" + name + "'");
            }
        }

        private OnnxMl.NodeProto.Builder node(String type) {
            return OnnxMl.NodeProto.newBuilder()
                    .setOpType(type)
                    .setName(type.toLowerCase(java.util.Locale.ROOT) + nodes)
                    .addInput(value);
        }

        private void add(OnnxMl.NodeProto.Builder node) {
            value = "value" + nodes++;
            builder.addNode(node.addOutput(value));
        }

        /** Names the last value; an empty chain becomes one Identity. */
        void finish() {
            if (nodes == 0) {
                add(node("Identity"));
            }
            int last = builder.getNodeCount() - 1;
            builder.getNodeBuilder(last).setOutput(0, "output");
        }

        long[] outputShape(Block block, Shape sampleShape) {
            Shape[] out = block.getOutputShapes(new Shape[] {new Shape(1).addAll(sampleShape)});
            return out[0].slice(1).getShape();
        }

        private static OnnxMl.AttributeProto intAttribute(String name, long value) {
            return OnnxMl.AttributeProto.newBuilder()
                    .setName(name)
                    .setType(OnnxMl.AttributeProto.AttributeType.INT)
                    .setI(value)
                    .build();
        }

        private static OnnxMl.TensorProto graphInitializer(String name, Parameter parameter) {
            NDArray array = parameter.getArray();
            if (array.getDataType() != DataType.FLOAT32) {
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is " + array.getDataType() + "; exported are float32 models");
            }
            OnnxMl.TensorProto.Builder tensor = OnnxMl.TensorProto.newBuilder()
                    .setName(name)
                    .setDataType(OnnxMl.TensorProto.DataType.FLOAT.getNumber());
            for (long dim : array.getShape().getShape()) {
                tensor.addDims(dim);
            }
            float[] values = array.toFloatArray();
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return tensor.setRawData(ByteString.copyFrom(bytes)).build();
        }
    }
}
