package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which dense initializers become sparse ones when they are replaced: those for which that is smaller, fields around the
 * elements included, and that ONNX Runtime and onnx.checker take. Not safe for use by many threads.
 */
final class SparseInitializers {

    private final FileWindow file;
    private final ModelLayout layout;
    private final IdentityHashMap<TensorView, List<GraphTensor>> shared = new IdentityHashMap<>();
    private final IdentityHashMap<TensorView, Long> counts = new IdentityHashMap<>();
    private final Map<Long, Set<String>> outputs = new HashMap<>();
    private final boolean training;
    private long budget;
    private long denseBytes;
    private boolean any;

    /**
     * Begins.
     *
     * @param file the model
     * @param layout what it holds
     * @param replacements by name
     * @throws IOException if reading fails
     */
    SparseInitializers(FileWindow file, ModelLayout layout, Map<String, TensorView> replacements) throws IOException {
        this.file = file;
        this.layout = layout;
        for (ModelLayout.Entry entry : layout.tensors()) {
            TensorView replacement = replacements.get(entry.tensor().name());
            if (replacement != null && entry.tensor().place() == GraphTensor.Place.INITIALIZER) {
                shared.computeIfAbsent(replacement, one -> new ArrayList<>()).add(entry.tensor());
            }
        }
        this.training = hasTraining();
    }

    /** Forgets what was chosen; from now on at most so many bytes of sparse initializers are. */
    SparseInitializers restart(long bytes) {
        budget = bytes;
        any = false;
        denseBytes = 0;
        for (ModelLayout.Entry entry : layout.tensors()) {
            if (entry.tensor().storage() instanceof Storage.Sparse sparse) {
                denseBytes += bytes(sparse);
            }
        }
        return this;
    }

    /** Whether one was chosen. */
    boolean any() {
        return any;
    }

    /**
     * Chooses.
     *
     * @param tensor a tensor of the model
     * @param replacement its elements
     * @param once whether those that share a replacement are written once as dense ones, in a data file
     * @return the field that takes the place of the initializer; empty where it stays dense
     * @throws IOException if reading fails
     */
    Optional<List<Piece>> choose(GraphTensor tensor, TensorView replacement, boolean once) throws IOException {
        List<GraphTensor> sharing = once ? shared.getOrDefault(replacement, List.of(tensor)) : List.of(tensor);
        for (GraphTensor one : sharing) {
            if (!isPossible(one)) {
                return Optional.empty();
            }
        }
        List<Piece> dense = dense(tensor, replacement);
        List<Piece> sparse = sparse(tensor, replacement);
        long length = Piece.length(sparse);
        long before = denseBytes + bytes(tensor.storage());
        if (sharing.size() * length >= Piece.length(dense)
                || length > budget
                || before > TensorCollector.MAX_SPARSE_BYTES) {
            return Optional.empty();
        }
        budget -= length;
        denseBytes = before;
        any = true;
        return Optional.of(sparse);
    }

    private static long bytes(Storage storage) {
        return storage.type().dtype().bytesOf(storage.shape().elements());
    }

    private boolean isPossible(GraphTensor tensor) throws IOException {
        return tensor.place() == GraphTensor.Place.INITIALIZER
                && isType(tensor.type())
                && tensor.shape().rank() > 0
                && tensor.shape().elements() > 0
                && bytes(tensor.storage()) <= SparseReader.MAX_DENSE_BYTES
                && !training
                && !isOutput(tensor);
    }

    /** The types of which ONNX Runtime makes dense tensors. */
    private static boolean isType(OnnxType type) {
        return switch (type) {
            case FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL -> true;
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
            case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ -> true;
            default -> false;
        };
    }

    /** ONNX Runtime hands an output that is a sparse initializer out as a sparse tensor. */
    private boolean isOutput(GraphTensor tensor) throws IOException {
        Frame frame = tensor.storage().frame();
        Frame graph = frame.parent();
        if (graph == null) {
            return false;
        }
        Set<String> names = outputs.get(graph.fieldStart());
        if (names == null) {
            names = outputs(graph);
            outputs.put(graph.fieldStart(), names);
        }
        return names.contains(TensorReader.name(file, tensor.label(), frame));
    }

    private Set<String> outputs(Frame graph) throws IOException {
        Set<String> names = new HashSet<>();
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (fields.field() == ModelField.GRAPH_OUTPUT) {
                WireCursor value = WireCursor.over(file, "output", fields.frame(graph, "output"));
                while (value.next()) {
                    if (value.field() == ModelField.VALUE_INFO_NAME) {
                        names.add(value.name("name"));
                    }
                }
            }
        }
        return names;
    }

    /** The bindings of a model's training information name dense initializers. */
    private boolean hasTraining() throws IOException {
        WireCursor model = WireCursor.over(file, "model", layout.model());
        while (model.next()) {
            if (model.field() == ModelField.TRAINING_INFO) {
                return true;
            }
        }
        return false;
    }

    private List<Piece> dense(GraphTensor tensor, TensorView replacement) throws IOException {
        List<Piece> fields = kept(tensor.storage().frame());
        fields.addAll(dims(TensorField.DIMS, tensor));
        fields.add(Piece.header(TensorField.RAW_DATA, replacement.info().bytes()));
        fields.add(new Piece.Elements(replacement));
        return SparseEncoding.message(ModelField.GRAPH_INITIALIZER, fields);
    }

    private List<Piece> sparse(GraphTensor tensor, TensorView replacement) throws IOException {
        Long known = counts.get(replacement);
        long count = known == null ? NonZeros.count(replacement) : known;
        counts.put(replacement, count);
        List<Piece> values = kept(tensor.storage().frame());
        values.addAll(SparseEncoding.values(replacement, count));
        List<Piece> fields = SparseEncoding.message(ModelField.SPARSE_VALUES, values);
        fields.addAll(SparseEncoding.indices(replacement, count));
        fields.addAll(dims(ModelField.SPARSE_DIMS, tensor));
        return SparseEncoding.message(ModelField.GRAPH_SPARSE_INITIALIZER, fields);
    }

    /** All fields of a TensorProto but its dims and elements. */
    private List<Piece> kept(Frame tensor) throws IOException {
        List<Piece> kept = new ArrayList<>();
        WireCursor fields = WireCursor.over(file, "initializer", tensor);
        while (fields.next()) {
            int field = fields.field();
            if (field != TensorField.DIMS
                    && field != TensorField.EXTERNAL_DATA
                    && field != TensorField.DATA_LOCATION
                    && !TensorField.isData(field)) {
                kept.add(new Piece.Range(file.source(), fields.fieldStart(), fields.fieldEnd()));
            }
        }
        return kept;
    }

    private static List<Piece> dims(int field, GraphTensor tensor) {
        List<Piece> dims = new ArrayList<>();
        for (long dim : tensor.shape().dims()) {
            dims.add(Piece.number(field, dim));
        }
        return dims;
    }
}
