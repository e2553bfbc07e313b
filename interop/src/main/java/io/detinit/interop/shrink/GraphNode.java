package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import java.util.List;

/** A node of the graph, to be changed. Two nodes are never equal. Not thread-safe. */
final class GraphNode {

    private final OnnxMl.NodeProto.Builder proto;
    private final String label;

    GraphNode(OnnxMl.NodeProto.Builder proto) {
        this.proto = proto;
        String first = proto.getOutputCount() == 0 ? proto.getOpType() : proto.getOutput(0);
        this.label = proto.getName().isEmpty() ? first : proto.getName();
    }

    static GraphNode of(String operator, String output, String... inputs) {
        return new GraphNode(OnnxMl.NodeProto.newBuilder()
                .setOpType(operator)
                .addOutput(output)
                .addAllInput(List.of(inputs)));
    }

    /** What it is called in reports; the same before and after it is rewritten. */
    String label() {
        return label;
    }

    /** For reasons. */
    String describe() {
        return "'" + label + "' (" + operator() + ")";
    }

    OnnxMl.NodeProto build() {
        return proto.build();
    }

    String operator() {
        return proto.getOpType();
    }

    String domain() {
        return proto.getDomain();
    }

    /** Whether its operator is one of ONNX's own. */
    boolean isStandard() {
        return domain().isEmpty() || domain().equals("ai.onnx");
    }

    List<String> inputs() {
        return proto.getInputList();
    }

    int inputCount() {
        return proto.getInputCount();
    }

    /** An input, empty where it is left out. */
    String input(int slot) {
        return slot < proto.getInputCount() ? proto.getInput(slot) : "";
    }

    void setInput(int slot, String value) {
        while (proto.getInputCount() <= slot) {
            proto.addInput("");
        }
        proto.setInput(slot, value);
    }

    List<String> outputs() {
        return proto.getOutputList();
    }

    int outputCount() {
        return proto.getOutputCount();
    }

    String output(int slot) {
        return proto.getOutput(slot);
    }

    void setOutput(int slot, String value) {
        proto.setOutput(slot, value);
    }

    List<OnnxMl.AttributeProto> attributes() {
        return proto.getAttributeList();
    }

    void set(OnnxMl.AttributeProto attribute) {
        for (int k = 0; k < proto.getAttributeCount(); k++) {
            if (proto.getAttribute(k).getName().equals(attribute.getName())) {
                proto.setAttribute(k, attribute);
                return;
            }
        }
        proto.addAttribute(attribute);
    }
}
