package io.detinit.interop.export;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Nodes of a graph in the order in which they are added, which is one of execution. Not thread-safe. */
final class OnnxGraph {

    /**
     * A node.
     *
     * @param operator its type
     * @param attributes by name
     * @param inputs names of values, "" for one that is left out
     * @param outputs names of values
     */
    record Node(String operator, Map<String, ?> attributes, List<String> inputs, List<String> outputs) {

        OnnxMl.NodeProto.Builder proto() {
            OnnxMl.NodeProto.Builder node = OnnxMl.NodeProto.newBuilder().setOpType(operator);
            new TreeMap<>(attributes).forEach((name, value) -> node.addAttribute(attribute(name, value)));
            return node;
        }
    }

    private final int opset;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<OnnxMl.TensorProto, String> constants = new HashMap<>();
    private int values;

    OnnxGraph(int opset) {
        this.opset = opset;
    }

    int opset() {
        return opset;
    }

    List<Node> nodes() {
        return nodes;
    }

    /** A name that no value of the graph has; the finished model gets readable ones. */
    String newValue() {
        return "%" + values++;
    }

    String node(String operator, Map<String, ?> attributes, String... inputs) {
        return nodes(1, operator, attributes, inputs).get(0);
    }

    String node(String operator, String... inputs) {
        return node(operator, Map.of(), inputs);
    }

    List<String> nodes(int outputs, String operator, Map<String, ?> attributes, String... inputs) {
        List<String> names = new ArrayList<>();
        for (int k = 0; k < outputs; k++) {
            names.add(newValue());
        }
        nodes.add(new Node(operator, Map.copyOf(attributes), List.of(inputs), List.copyOf(names)));
        return names;
    }

    /** A Constant node, one for equal tensors. */
    String constant(OnnxMl.TensorProto tensor) {
        String known = constants.get(tensor);
        if (known == null) {
            known = node("Constant", Map.of("value", tensor));
            constants.put(tensor, known);
        }
        return known;
    }

    private static OnnxMl.AttributeProto attribute(String name, Object value) {
        OnnxMl.AttributeProto.Builder attribute =
                OnnxMl.AttributeProto.newBuilder().setName(name);
        if (value instanceof Integer || value instanceof Long) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.INT).setI(((Number) value).longValue());
        } else if (value instanceof Boolean bool) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.INT).setI(bool ? 1 : 0);
        } else if (value instanceof Float || value instanceof Double) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.FLOAT).setF(((Number) value).floatValue());
        } else if (value instanceof String text) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(text));
        } else if (value instanceof String[] texts) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.STRINGS);
            for (String text : texts) {
                attribute.addStrings(ByteString.copyFromUtf8(text));
            }
        } else if (value instanceof long[] longs) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.INTS).addAllInts(OnnxTypes.dims(longs));
        } else if (value instanceof float[] floats) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.FLOATS);
            for (float one : floats) {
                attribute.addFloats(one);
            }
        } else if (value instanceof OnnxMl.TensorProto tensor) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.TENSOR).setT(tensor);
        } else {
            throw new IllegalArgumentException("attribute '" + name + "' is a "
                    + value.getClass().getName()
                    + "; it must be an Integer, Long, Float, Double, Boolean, String, String[], long[] or float[]");
        }
        return attribute.build();
    }

    /** The nodes on which the outputs depend, in order. */
    List<Node> needed(List<String> outputs) {
        Set<String> wanted = new HashSet<>(outputs);
        List<Node> kept = new ArrayList<>();
        for (int k = nodes.size() - 1; k >= 0; k--) {
            Node node = nodes.get(k);
            if (node.outputs().stream().anyMatch(wanted::contains)) {
                wanted.addAll(node.inputs());
                kept.add(node);
            }
        }
        Collections.reverse(kept);
        return kept;
    }
}
