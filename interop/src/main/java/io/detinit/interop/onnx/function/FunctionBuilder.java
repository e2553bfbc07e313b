package io.detinit.interop.onnx.function;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts an ONNX function together, node by node; equal constants are one node. Not thread-safe. */
final class FunctionBuilder {

    private final OnnxMl.FunctionProto.Builder function;
    private final Map<OnnxMl.AttributeProto, String> constants = new HashMap<>();
    private int values;

    /**
     * An empty function.
     *
     * @param domain its operator set
     * @param name its operator
     * @param inputs names of its inputs
     * @param attributes names of its attributes, none of which has a default
     * @param doc what it computes
     */
    FunctionBuilder(String domain, String name, List<String> inputs, List<String> attributes, String doc) {
        function = OnnxMl.FunctionProto.newBuilder()
                .setDomain(domain)
                .setName(name)
                .addAllInput(inputs)
                .addAllAttribute(attributes)
                .setDocString(doc);
    }

    /** A node of one output. */
    String node(String operator, String... inputs) {
        return add(OnnxMl.NodeProto.newBuilder().setOpType(operator), inputs);
    }

    /** A Cast to an element type. */
    String cast(String value, OnnxMl.TensorProto.DataType type) {
        OnnxMl.NodeProto.Builder node = OnnxMl.NodeProto.newBuilder().setOpType("Cast");
        node.addAttribute(
                attribute("to", OnnxMl.AttributeProto.AttributeType.INT).setI(type.getNumber()));
        return add(node, value);
    }

    /** A shift to the right by a number of bits. */
    String shift(String value, String bits) {
        OnnxMl.NodeProto.Builder node = OnnxMl.NodeProto.newBuilder().setOpType("BitShift");
        node.addAttribute(attribute("direction", OnnxMl.AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8("RIGHT")));
        return add(node, value, bits);
    }

    private String add(OnnxMl.NodeProto.Builder node, String... inputs) {
        String output = "v" + values++;
        function.addNode(node.addAllInput(List.of(inputs)).addOutput(output));
        return output;
    }

    private static OnnxMl.AttributeProto.Builder attribute(String name, OnnxMl.AttributeProto.AttributeType type) {
        return OnnxMl.AttributeProto.newBuilder().setName(name).setType(type);
    }

    /** An integer attribute of the function, as an int64 scalar. */
    String integer(String attribute) {
        return constant(attribute("value_int", OnnxMl.AttributeProto.AttributeType.INT)
                .setRefAttrName(attribute)
                .build());
    }

    /** An attribute of several integers, as an int64 tensor of rank 1. */
    String integers(String attribute) {
        return constant(attribute("value_ints", OnnxMl.AttributeProto.AttributeType.INTS)
                .setRefAttrName(attribute)
                .build());
    }

    /** A tensor attribute. */
    String tensor(String attribute) {
        return constant(attribute("value", OnnxMl.AttributeProto.AttributeType.TENSOR)
                .setRefAttrName(attribute)
                .build());
    }

    /** A scalar of 64 bits. */
    String unsigned(long value) {
        return scalar(OnnxMl.TensorProto.DataType.UINT64, value);
    }

    /** A scalar. */
    String number(double value) {
        return scalar(OnnxMl.TensorProto.DataType.DOUBLE, Double.doubleToLongBits(value));
    }

    /** A scalar. */
    String integer(long value) {
        return scalar(OnnxMl.TensorProto.DataType.INT64, value);
    }

    /** A tensor of rank 1. */
    String integers(long... values) {
        return constant(attribute("value_ints", OnnxMl.AttributeProto.AttributeType.INTS)
                .addAllInts(java.util.Arrays.stream(values).boxed().toList())
                .build());
    }

    /** A tensor of uint8. */
    String octets(byte... values) {
        OnnxMl.TensorProto tensor = OnnxMl.TensorProto.newBuilder()
                .setDataType(OnnxMl.TensorProto.DataType.UINT8_VALUE)
                .addDims(values.length)
                .setRawData(ByteString.copyFrom(values))
                .build();
        return constant(attribute("value", OnnxMl.AttributeProto.AttributeType.TENSOR)
                .setT(tensor)
                .build());
    }

    private String scalar(OnnxMl.TensorProto.DataType type, long bits) {
        return constant(attribute("value", OnnxMl.AttributeProto.AttributeType.TENSOR)
                .setT(scalarTensor(type, bits))
                .build());
    }

    /** A scalar of 64 bits. */
    static OnnxMl.TensorProto scalarTensor(OnnxMl.TensorProto.DataType type, long bits) {
        ByteBuffer bytes = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bits)
                .flip();
        return OnnxMl.TensorProto.newBuilder()
                .setDataType(type.getNumber())
                .setRawData(ByteString.copyFrom(bytes))
                .build();
    }

    private String constant(OnnxMl.AttributeProto value) {
        String known = constants.get(value);
        if (known == null) {
            known = add(OnnxMl.NodeProto.newBuilder().setOpType("Constant").addAttribute(value));
            constants.put(value, known);
        }
        return known;
    }

    /** SplitMix64's output function of each element, uint64. */
    String hash(String x) {
        String sum = node("Add", x, unsigned(0x9E3779B97F4A7C15L));
        String first = node("Mul", mixed(sum, 30), unsigned(0xBF58476D1CE4E5B9L));
        String second = node("Mul", mixed(first, 27), unsigned(0x94D049BB133111EBL));
        return mixed(second, 31);
    }

    private String mixed(String x, int bits) {
        return node("BitwiseXor", x, shift(x, unsigned(bits)));
    }

    /** Names the last node's output and finishes; all nodes are of the default operator set. */
    OnnxMl.FunctionProto build(int opset, Map<String, String> outputs) {
        outputs.forEach((value, name) -> {
            for (OnnxMl.NodeProto.Builder node : function.getNodeBuilderList()) {
                for (int k = 0; k < node.getInputCount(); k++) {
                    if (node.getInput(k).equals(value)) {
                        node.setInput(k, name);
                    }
                }
                if (node.getOutput(0).equals(value)) {
                    node.setOutput(0, name);
                }
            }
            function.addOutput(name);
        });
        return function.addOpsetImport(
                        OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
                .build();
    }
}
