package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a model file that this package reads or replaces.
 *
 * @param model the whole file
 * @param irVersion the version of the format
 * @param tensors the readable tensors, first used first, then those that no node uses
 * @param metadata metadata_props; of a key that stands there twice, the last
 * @param warnings one line for each thing that was not read or that a reader should know
 * @param generator the nodes and functions that all computed weights need
 * @param unreadExternals the first tensor, if any, that is kept but not read and has its elements in another file
 */
record ModelLayout(
        Frame model,
        long irVersion,
        List<Entry> tensors,
        Map<String, String> metadata,
        List<String> warnings,
        List<Frame> generator,
        List<String> unreadExternals) {

    private static final int MAX_METADATA_BYTES = 1 << 26;

    /**
     * A tensor and what the graph does with it.
     *
     * @param tensor the tensor
     * @param use its use, null where no node names it
     */
    record Entry(GraphTensor tensor, @Nullable TensorUse use) {

        /** Weights are floating-point initializers that a node uses, and Constant nodes that a node uses as a weight. */
        TensorInfo.Kind kind() {
            DType dtype = tensor.type().dtype();
            if (use == null || !dtype.isFloating()) {
                return TensorInfo.Kind.CONSTANT;
            }
            return switch (use.use().layout()) {
                case STATISTICS, QUANTISATION -> TensorInfo.Kind.BUFFER;
                case OTHER ->
                    tensor.place().isConstantNode() ? TensorInfo.Kind.CONSTANT : TensorKinds.of(tensor.name(), dtype);
                default -> TensorKinds.of(tensor.name(), dtype);
            };
        }

        /** The tensor's elements, read from the model that it stands in or its data files. */
        TensorView view(ByteSource model) {
            TensorInfo info = info();
            if (tensor.storage() instanceof Storage.Sparse sparse) {
                String where = "byte " + sparse.frame().from() + ", sparse, "
                        + sparse.entries().count() + " of " + info.shape().elements();
                return new SparseTensor(info, sparse.entries(), where);
            }
            if (tensor.storage() instanceof Storage.Computed computed) {
                return new ComputedTensor(
                        info,
                        computed.initial(),
                        new ComputedTensor.MovedElements(
                                computed.coding(), view(model, computed.places()), view(model, computed.values())));
            }
            return DenseTensor.view(model, info, (Storage.Dense) tensor.storage());
        }

        private static @Nullable TensorView view(ByteSource model, @Nullable GraphTensor tensor) {
            return tensor == null ? null : new Entry(tensor, null).view(model);
        }

        private TensorInfo info() {
            return new TensorInfo(tensor.name(), tensor.type().dtype(), tensor.shape(), kind());
        }
    }

    /** What tells that two tensors are the same bytes of a data file. */
    private record Shared(Storage.Elements where, OnnxType type, TensorShape shape) {}

    /** The tensors that are the same bytes of a data file, type and shape included, as an earlier one: the name of that one. */
    Map<String, String> tied() {
        Map<Shared, String> first = new HashMap<>();
        Map<String, String> tied = new LinkedHashMap<>();
        for (Entry entry : tensors) {
            if (entry.tensor().storage() instanceof Storage.Dense dense
                    && dense.elements() instanceof Storage.External
                    && dense.bytes() > 0) {
                String name = entry.tensor().name();
                String known = first.putIfAbsent(new Shared(dense.elements(), dense.type(), dense.shape()), name);
                if (known != null) {
                    tied.put(name, known);
                }
            }
        }
        return Collections.unmodifiableMap(tied);
    }

    /** Reads a model; memory is bounded by the number of tensors, not by the file. */
    static ModelLayout read(ModelSource source) throws IOException {
        FileWindow file = source.window();
        Frame root = Frame.model(file.size());
        Frame graph = null;
        long irVersion = 0;
        int metadataBytes = 0;
        Map<String, String> metadata = new LinkedHashMap<>();
        WireCursor model = WireCursor.over(file, "model", root);
        while (model.next()) {
            switch (model.field()) {
                case ModelField.IR_VERSION -> irVersion = model.number("ir_version");
                case ModelField.GRAPH -> {
                    if (graph != null) {
                        throw file.malformed("model", model.fieldStart(), "a second graph", "one graph");
                    }
                    graph = model.frame(root, "graph");
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
        if (graph == null) {
            throw MalformedFileException.of(file.name(), "model", "no graph", "an ONNX model, which has one");
        }
        if (irVersion <= 0) {
            throw MalformedFileException.of(
                    file.name(), "model, ir_version", Long.toString(irVersion), "an ONNX model, which has one >= 1");
        }
        TensorCollector collector = new TensorCollector(source);
        List<Entry> tensors = tensors(source, root, graph, collector);
        return new ModelLayout(
                root,
                irVersion,
                tensors,
                Collections.unmodifiableMap(metadata),
                source.warnings().lines(),
                List.copyOf(collector.generator()),
                source.unreadExternals());
    }

    private static List<Entry> tensors(ModelSource source, Frame root, Frame graph, TensorCollector collector)
            throws IOException {
        collector.graph(graph);
        WireCursor model = WireCursor.over(source.window(), "model", root);
        while (model.next()) {
            if (model.field() == ModelField.FUNCTIONS) {
                collector.function(model.frame(root, "function"));
            }
        }
        ComputedWeights.find(source, graph, collector);
        UseFinder finder = new UseFinder(source, collector);
        finder.graph(graph);
        Set<Integer> order = new LinkedHashSet<>(finder.order());
        for (int number = 0; number < collector.tensors().size(); number++) {
            order.add(number);
        }
        List<Entry> entries = new ArrayList<>(order.size());
        for (int number : order) {
            if (!collector.hidden().contains(number)) {
                entries.add(new Entry(collector.tensors().get(number), finder.use(number)));
            }
        }
        return Collections.unmodifiableList(entries);
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
