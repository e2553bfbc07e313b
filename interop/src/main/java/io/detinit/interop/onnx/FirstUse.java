package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The order in which the nodes of a graph first name its initializers. A node's inputs come before what the bodies of its
 * attributes (If, Loop, Scan) take from the graph around them.
 */
final class FirstUse {

    private static final int MAX_DEPTH = 32;

    private final FileWindow file;
    private final Set<String> initializers;
    private final Set<String> used = new LinkedHashSet<>();

    private FirstUse(FileWindow file, Set<String> initializers) {
        this.file = file;
        this.initializers = initializers;
    }

    /**
     * Scans a graph.
     *
     * @param initializers the names to look for
     * @return those that a node names, in order of first use
     */
    static Set<String> of(FileWindow file, WireCursor graph, Set<String> initializers) throws IOException {
        FirstUse order = new FirstUse(file, initializers);
        order.graph(graph, 0);
        return order.used;
    }

    private void graph(WireCursor graph, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw MalformedFileException.of(
                    file.path(), "graph", "bodies nested more than " + MAX_DEPTH + " deep", "fewer");
        }
        while (graph.next()) {
            if (graph.field() == ModelField.GRAPH_NODE) {
                node(graph, depth);
            }
        }
    }

    private void node(WireCursor graph, int depth) throws IOException {
        WireCursor inputs = graph.nested("node");
        boolean attributes = false;
        while (inputs.next()) {
            if (inputs.field() == ModelField.NODE_INPUT) {
                inputs.require(WireCursor.BYTES, "input");
                if (inputs.valueLength() > 0 && inputs.valueLength() <= InitializerReader.MAX_NAME_BYTES) {
                    String name = inputs.text("input", InitializerReader.MAX_NAME_BYTES);
                    if (initializers.contains(name)) {
                        used.add(name);
                    }
                }
            }
            attributes |= inputs.field() == ModelField.NODE_ATTRIBUTE;
        }
        if (!attributes) {
            return;
        }
        WireCursor fields = graph.nested("node");
        while (fields.next()) {
            if (fields.field() == ModelField.NODE_ATTRIBUTE) {
                WireCursor attribute = fields.nested("attribute");
                while (attribute.next()) {
                    if (attribute.field() == ModelField.ATTRIBUTE_G
                            || attribute.field() == ModelField.ATTRIBUTE_GRAPHS) {
                        graph(attribute.nested("graph attribute"), depth + 1);
                    }
                }
            }
        }
    }
}
