package io.detinit.interop.onnx;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/** Finds the operators of the default operator set that a model's graph and the bodies in it use. */
final class OperatorCollector {

    private final FileWindow file;
    private final Set<String> operators = new TreeSet<>();

    private OperatorCollector(FileWindow file) {
        this.file = file;
    }

    /** The operators' names, and what else the model consists of. */
    static OnnxCheckpoint.OperatorSets operatorSets(FileWindow file, Frame model) throws IOException {
        OperatorCollector collector = new OperatorCollector(file);
        long version = 1;
        boolean functions = false;
        boolean training = false;
        WireCursor cursor = WireCursor.over(file, "model", model);
        while (cursor.next()) {
            switch (cursor.field()) {
                case ModelField.GRAPH -> collector.graph(cursor.nested("graph"), 0);
                case ModelField.FUNCTIONS -> functions = true;
                case ModelField.TRAINING_INFO -> training = true;
                case ModelField.OPSET_IMPORT -> {
                    PreludeEdits.OperatorSet set = PreludeEdits.OperatorSet.read(cursor.nested("opset_import"));
                    if (set.isDefault()) {
                        version = set.version();
                    }
                }
                default -> {}
            }
        }
        return new OnnxCheckpoint.OperatorSets(version, collector.operators, functions, training);
    }

    private void graph(WireCursor graph, int depth) throws IOException {
        while (graph.next()) {
            if (graph.field() == ModelField.GRAPH_NODE) {
                if (depth > TensorCollector.MAX_DEPTH) {
                    throw file.malformed("graph", graph.fieldStart(), "bodies nested deeper than " + depth, "fewer");
                }
                node(graph.nested("node"), depth);
            }
        }
    }

    private void node(WireCursor node, int depth) throws IOException {
        String operator = "";
        String domain = "";
        while (node.next()) {
            switch (node.field()) {
                case ModelField.NODE_OP_TYPE -> operator = node.name("op_type");
                case ModelField.NODE_DOMAIN -> domain = node.name("domain");
                case ModelField.NODE_ATTRIBUTE -> attribute(node.nested("attribute"), depth);
                default -> {}
            }
        }
        if (domain.isEmpty() || domain.equals("ai.onnx")) {
            operators.add(operator);
        }
    }

    private void attribute(WireCursor attribute, int depth) throws IOException {
        while (attribute.next()) {
            if (attribute.field() == ModelField.ATTRIBUTE_G || attribute.field() == ModelField.ATTRIBUTE_GRAPHS) {
                graph(attribute.nested("graph"), depth + 1);
            }
        }
    }
}
