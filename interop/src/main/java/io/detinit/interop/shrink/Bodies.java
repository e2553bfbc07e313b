package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import java.util.HashSet;
import java.util.Set;

/** What the bodies of a model's nodes and its functions use. */
final class Bodies {

    private final Set<String> names = new HashSet<>();
    private boolean external;

    private Bodies() {}

    static Bodies of(OnnxMl.ModelProto model) {
        Bodies bodies = new Bodies();
        model.getGraph().getNodeList().forEach(bodies::attributes);
        model.getFunctionsList().forEach(function -> function.getNodeList().forEach(bodies::attributes));
        model.getGraph().getSparseInitializerList().forEach(sparse -> {
            bodies.tensor(sparse.getValues());
            bodies.tensor(sparse.getIndices());
        });
        return bodies;
    }

    private void attributes(OnnxMl.NodeProto node) {
        for (OnnxMl.AttributeProto attribute : node.getAttributeList()) {
            tensor(attribute.getT());
            attribute.getTensorsList().forEach(this::tensor);
            graph(attribute.getG());
            attribute.getGraphsList().forEach(this::graph);
        }
    }

    private void graph(OnnxMl.GraphProto graph) {
        for (OnnxMl.NodeProto node : graph.getNodeList()) {
            names.addAll(node.getInputList());
            attributes(node);
        }
        graph.getInitializerList().forEach(this::tensor);
        graph.getOutputList().forEach(output -> names.add(output.getName()));
    }

    private void tensor(OnnxMl.TensorProto tensor) {
        external |= Net.isExternal(tensor);
    }

    /** Every name that a node of a body reads or a body hands out: among them all that it captures. */
    Set<String> names() {
        return names;
    }

    boolean hasExternalData() {
        return external;
    }
}
