package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where the parts of a model file lie that this package reads or replaces.
 *
 * @param graphFieldStart the tag of the model's {@code graph}
 * @param graphFrom the graph's first byte
 * @param graphTo the byte after its last
 * @param initializers the readable dense initializers by name, in the order of the list
 * @param order all their names, first used first, unused last
 * @param used the names that a node uses
 * @param metadata metadata_props; of a key that stands there twice, the last
 * @param warnings one line for each thing that was not read
 */
record ModelLayout(
        long graphFieldStart,
        long graphFrom,
        long graphTo,
        Map<String, GraphInitializer> initializers,
        List<String> order,
        Set<String> used,
        Map<String, String> metadata,
        List<String> warnings) {

    private static final int MAX_INITIALIZERS = 1 << 18;
    private static final int MAX_METADATA_BYTES = 1 << 26;

    /** Reads a model; memory is bounded by the number of initializers, not by the file. */
    static ModelLayout read(FileWindow file) throws IOException {
        long graphFieldStart = -1;
        long graphFrom = -1;
        long graphTo = -1;
        long irVersion = 0;
        int metadataBytes = 0;
        Map<String, String> metadata = new LinkedHashMap<>();
        WireCursor model = new WireCursor(file, "model", 0, file.size());
        while (model.next()) {
            switch (model.field()) {
                case ModelField.IR_VERSION -> irVersion = model.number("ir_version");
                case ModelField.GRAPH -> {
                    model.require(WireCursor.BYTES, "graph");
                    if (graphFieldStart >= 0) {
                        throw file.malformed("model", model.fieldStart(), "a second graph", "one graph");
                    }
                    graphFieldStart = model.fieldStart();
                    graphFrom = model.valueStart();
                    graphTo = model.fieldEnd();
                }
                case ModelField.METADATA_PROPS -> {
                    if (model.valueLength() > MAX_METADATA_BYTES - metadataBytes) {
                        throw file.malformed(
                                "metadata_props",
                                model.fieldStart(),
                                "more than " + MAX_METADATA_BYTES + " bytes of metadata",
                                "less");
                    }
                    metadataBytes += (int) (model.valueLength() + 16);
                    Map.Entry<String, String> entry = entry(model.nested("metadata_props"));
                    metadata.put(entry.getKey(), entry.getValue());
                }
                default -> {}
            }
        }
        if (graphFieldStart < 0) {
            throw MalformedFileException.of(file.path(), "model", "no graph", "an ONNX model, which has one");
        }
        if (irVersion <= 0) {
            throw MalformedFileException.of(
                    file.path(), "model, ir_version", Long.toString(irVersion), "an ONNX model, which has one >= 1");
        }
        Map<String, GraphInitializer> initializers = new LinkedHashMap<>();
        List<String> warnings = new ArrayList<>();
        readInitializers(file, new WireCursor(file, "graph", graphFrom, graphTo), initializers, warnings);
        Set<String> used = FirstUse.of(file, new WireCursor(file, "graph", graphFrom, graphTo), initializers.keySet());
        Set<String> order = new LinkedHashSet<>(used);
        order.addAll(initializers.keySet());
        return new ModelLayout(
                graphFieldStart,
                graphFrom,
                graphTo,
                Collections.unmodifiableMap(initializers),
                List.copyOf(order),
                Collections.unmodifiableSet(used),
                Collections.unmodifiableMap(metadata),
                List.copyOf(warnings));
    }

    private static void readInitializers(
            FileWindow file, WireCursor graph, Map<String, GraphInitializer> initializers, List<String> warnings)
            throws IOException {
        Set<String> names = new LinkedHashSet<>();
        int sparse = 0;
        while (graph.next()) {
            if (graph.field() == ModelField.GRAPH_SPARSE_INITIALIZER) {
                sparse++;
            }
            if (graph.field() != ModelField.GRAPH_INITIALIZER) {
                continue;
            }
            if (names.size() == MAX_INITIALIZERS) {
                throw file.malformed(
                        "graph", graph.fieldStart(), "more than " + MAX_INITIALIZERS + " initializers", "fewer");
            }
            InitializerReader.Result result = InitializerReader.read(file, graph, names.size());
            String name = result.location().name();
            if (!names.add(name)) {
                throw file.malformed(
                        result.location().label(), graph.fieldStart(), "a second one of that name", "unique names");
            }
            result.initializer()
                    .ifPresentOrElse(
                            tensor -> initializers.put(name, tensor),
                            () -> warnings.add(result.location().label() + " of type " + result.typeName()
                                    + " is kept but not read"));
        }
        if (sparse > 0) {
            warnings.add(sparse + " sparse initializer(s) are kept but not read");
        }
    }

    static Map.Entry<String, String> entry(WireCursor entry) throws IOException {
        String key = "";
        String value = "";
        while (entry.next()) {
            if (entry.field() == ModelField.ENTRY_KEY) {
                key = entry.text("key", MAX_METADATA_BYTES);
            } else if (entry.field() == ModelField.ENTRY_VALUE) {
                value = entry.text("value", MAX_METADATA_BYTES);
            }
        }
        return Map.entry(key, value);
    }
}
