package io.detinit.interop.onnx;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Plans and writes a copy of a model with some tensors and metadata replaced. Only the fields that change are encoded anew; all
 * elements in data files go to one new data file beside the copy.
 */
final class OnnxRewriter {

    /** The limit of a protobuf message. */
    static final long MAX_MODEL_BYTES = Integer.MAX_VALUE;

    private static final int DENSE_IS_NO_INPUT = 4;
    private static final int SPARSE_INITIALIZERS = 6;
    private static final int MIN_MOVED_BYTES = 1024;
    private static final int FLOAT_TAG = (ModelField.ATTRIBUTE_F << 3) | WireCursor.FIXED32;

    private final FileWindow file;
    private final ModelLayout layout;
    private final Map<String, TensorView> replacements;
    private final MessageEdits edits;
    private final DataFile data;
    private final boolean moveReplaced;
    private final @Nullable SparseInitializers sparseInitializers;
    private final @Nullable GraphPrelude prelude;

    private OnnxRewriter(
            FileBytes source,
            ModelLayout layout,
            Map<String, TensorView> replacements,
            Path target,
            boolean moveReplaced,
            @Nullable SparseInitializers sparseInitializers,
            @Nullable GraphPrelude prelude) {
        this.file = new FileWindow(source);
        this.layout = layout;
        this.replacements = replacements;
        this.edits = new MessageEdits(source);
        this.data = DataFile.beside(target);
        this.moveReplaced = moveReplaced;
        this.sparseInitializers = sparseInitializers;
        this.prelude = prelude;
    }

    /**
     * Writes the copy: first its data file where it needs one, under a name that no file had, then the model.
     *
     * @param storage whether replaced initializers may become sparse
     * @param limit the most bytes that the model may have; where it would have more, the replaced initializers go to the data
     *     file, but for those that become sparse and find room in the model
     * @throws IOException if reading or writing fails or the limit cannot be kept; then no file is left
     */
    static void write(
            FileBytes source,
            ModelLayout layout,
            Map<String, TensorView> replacements,
            Map<String, String> metadata,
            Path target,
            TensorStorage storage,
            long limit)
            throws IOException {
        boolean inPlace = Files.exists(target) && Files.isSameFile(target, source.path());
        SparseInitializers sparse = storage == TensorStorage.SPARSE
                ? new SparseInitializers(new FileWindow(source), layout, replacements).restart(Long.MAX_VALUE)
                : null;
        OnnxRewriter rewriter = new OnnxRewriter(source, layout, replacements, target, false, sparse, null);
        List<Piece> model = rewriter.plan(metadata, inPlace);
        if (Piece.length(model) > limit) {
            rewriter = new OnnxRewriter(source, layout, replacements, target, true, null, null);
            model = rewriter.plan(metadata, inPlace);
            long room = limit - Piece.length(model);
            if (room < 0) {
                throw new IOException(source.path() + ": the new model would have " + Piece.length(model)
                        + " bytes; an ONNX file has at most " + limit);
            }
            if (sparse != null) {
                rewriter = new OnnxRewriter(source, layout, replacements, target, true, sparse.restart(room), null);
                model = rewriter.plan(metadata, inPlace);
            }
        }
        rewriter.write(model, target, channel -> {});
    }

    /**
     * Writes a copy in which nodes compute some initializers.
     *
     * @param prelude the nodes and what they replace
     * @param check looks at the new model before it is there, where it has no data file
     * @throws IOException if reading or writing fails, or the model would have more than {@link #MAX_MODEL_BYTES}
     */
    static void write(
            FileBytes source,
            ModelLayout layout,
            Map<String, TensorView> replacements,
            GraphPrelude prelude,
            Map<String, String> metadata,
            Path target,
            ModelCheck check)
            throws IOException {
        boolean inPlace = Files.exists(target) && Files.isSameFile(target, source.path());
        OnnxRewriter rewriter = new OnnxRewriter(source, layout, replacements, target, false, null, prelude);
        List<Piece> model = rewriter.plan(metadata, inPlace);
        if (Piece.length(model) > MAX_MODEL_BYTES) {
            throw new IOException(source.path() + ": the new model would have " + Piece.length(model)
                    + " bytes; an ONNX file has at most " + MAX_MODEL_BYTES);
        }
        rewriter.write(model, target, check);
    }

    private void write(List<Piece> model, Path target, ModelCheck check) throws IOException {
        if (!data.isEmpty()) {
            AtomicFile.write(data.path(), data::write);
        }
        boolean done = false;
        try {
            AtomicFile.write(target, channel -> {
                Piece.write(model, channel);
                if (data.isEmpty()) {
                    check.check(channel);
                }
            });
            done = true;
        } finally {
            if (!done && !data.isEmpty()) {
                Files.deleteIfExists(data.path());
            }
        }
    }

    private List<Piece> plan(Map<String, String> metadata, boolean inPlace) throws IOException {
        boolean computes = false;
        boolean copyData = !inPlace || layout.tensors().stream().anyMatch(this::replacesExternal);
        for (ModelLayout.Entry entry : layout.tensors()) {
            GraphTensor tensor = entry.tensor();
            TensorView replacement = replacements.get(tensor.name());
            boolean replaced = replacement != null;
            if (prelude != null && prelude.replaced().contains(tensor.name())) {
                replaced = true;
                removeStored(tensor);
            } else if (replacement != null) {
                replace(tensor, replacement);
            } else if (copyData) {
                copyExternal(tensor.storage());
            }
            computes |= tensor.storage() instanceof Storage.Computed && !replaced;
        }
        if (!computes) {
            layout.generator().forEach(this::remove);
        }
        if (sparseInitializers != null && sparseInitializers.any()) {
            allowSparse();
        }
        if (prelude != null) {
            new PreludeEdits(file, layout, prelude, edits).apply();
        }
        metadata(metadata);
        return edits.build(layout.model());
    }

    /**
     * Sparse initializers came with IR version 6, which means the same for a model as 4 and 5 do. From 3 to 4 the inputs that
     * name initializers became defaults that a caller may override; so an older model keeps its version.
     */
    private void allowSparse() throws IOException {
        if (layout.irVersion() < DENSE_IS_NO_INPUT || layout.irVersion() >= SPARSE_INITIALIZERS) {
            return;
        }
        WireCursor model = WireCursor.over(file, "model", layout.model());
        while (model.next()) {
            if (model.field() == ModelField.IR_VERSION) {
                edits.replace(
                        layout.model(),
                        model.fieldStart(),
                        model.fieldEnd(),
                        List.of(Piece.number(ModelField.IR_VERSION, SPARSE_INITIALIZERS)));
            }
        }
    }

    private boolean replacesExternal(ModelLayout.Entry entry) {
        return replacements.containsKey(entry.tensor().name())
                && external(entry.tensor().storage()).isPresent();
    }

    private static Optional<Storage.Dense> external(Storage storage) {
        if (storage instanceof Storage.Computed) {
            return Optional.empty(); // its elements are tensors of their own
        }
        Storage.Dense dense = storage instanceof Storage.Sparse sparse ? sparse.values() : (Storage.Dense) storage;
        return Optional.of(dense).filter(d -> d.elements() instanceof Storage.External);
    }

    private void copyExternal(Storage storage) throws IOException {
        Storage.Dense dense = external(storage).orElse(null);
        if (dense == null) {
            return;
        }
        edits.remove(file, dense.frame(), field -> isElements(field) || field == TensorField.DATA_LOCATION);
        if (dense.bytes() > 0) {
            refer(dense.frame(), data.copy((Storage.External) dense.elements(), dense.bytes()));
        }
    }

    private void refer(Frame tensor, List<Piece> reference) {
        List<Piece> fields = new ArrayList<>(reference);
        fields.add(Piece.number(TensorField.DATA_LOCATION, 1));
        edits.append(tensor, fields);
    }

    private static boolean isElements(int field) {
        return TensorField.isData(field) || field == TensorField.EXTERNAL_DATA;
    }

    private void replace(GraphTensor tensor, TensorView replacement) throws IOException {
        if (tensor.storage() instanceof Storage.Computed computed) {
            computed(tensor, computed, replacement);
        } else if (tensor.storage() instanceof Storage.Sparse sparse) {
            sparse(tensor, sparse, replacement);
        } else if (tensor.place() == GraphTensor.Place.CONSTANT_NUMBERS) {
            numbers(tensor, replacement);
        } else if (!becomesSparse(tensor, replacement)) {
            dense(tensor, replacement);
        }
    }

    /** A weight that nodes compute becomes an initializer. */
    private void computed(GraphTensor tensor, Storage.Computed storage, TensorView replacement) {
        removeStored(tensor);
        Frame graph = Objects.requireNonNull(storage.frame().parent());
        edits.append(graph, PreludeEdits.initializer(tensor.name(), replacement));
    }

    /** Removes an initializer, or the nodes that compute a weight and what they alone need. */
    private void removeStored(GraphTensor tensor) {
        if (!(tensor.storage() instanceof Storage.Computed storage)) {
            remove(tensor.storage().frame());
            return;
        }
        storage.nodes().forEach(this::remove);
        for (GraphTensor moved : Arrays.asList(storage.places(), storage.values())) {
            if (moved != null) {
                remove(moved.storage().frame());
            }
        }
    }

    private void remove(Frame message) {
        edits.replace(Objects.requireNonNull(message.parent()), message.fieldStart(), message.to(), List.of());
    }

    private boolean becomesSparse(GraphTensor tensor, TensorView replacement) throws IOException {
        if (sparseInitializers == null) {
            return false;
        }
        Optional<List<Piece>> field = sparseInitializers.choose(tensor, replacement, isOutside(tensor, replacement));
        Frame frame = tensor.storage().frame();
        field.ifPresent(pieces ->
                edits.replace(Objects.requireNonNull(frame.parent()), frame.fieldStart(), frame.to(), pieces));
        return field.isPresent();
    }

    private void dense(GraphTensor tensor, TensorView replacement) throws IOException {
        Frame frame = tensor.storage().frame();
        boolean external = isOutside(tensor, replacement);
        boolean empty = replacement.info().bytes() == 0;
        edits.remove(file, frame, field -> isElements(field) || (external && field == TensorField.DATA_LOCATION));
        if (!empty && external) {
            refer(frame, data.add(replacement));
        } else if (!empty) {
            edits.append(frame, raw(replacement));
        }
    }

    /** Whether the elements go to the data file when they are dense. */
    private boolean isOutside(GraphTensor tensor, TensorView replacement) {
        return external(tensor.storage()).isPresent()
                || (moveReplaced
                        && tensor.place() == GraphTensor.Place.INITIALIZER
                        && replacement.info().bytes() >= MIN_MOVED_BYTES);
    }

    private static List<Piece> raw(TensorView elements) {
        return List.of(Piece.header(TensorField.RAW_DATA, elements.info().bytes()), new Piece.Elements(elements));
    }

    /** A Constant node's value_float(s) or value_int(s). */
    private void numbers(GraphTensor tensor, TensorView replacement) throws IOException {
        Storage.Typed typed = (Storage.Typed) ((Storage.Dense) tensor.storage()).elements();
        int field = typed.field().field();
        edits.remove(file, tensor.storage().frame(), number -> number == field);
        long bytes = replacement.info().bytes();
        List<Piece> pieces = new ArrayList<>();
        switch (field) {
            case ModelField.ATTRIBUTE_F -> {
                pieces.add(new Piece.Bytes(new byte[] {(byte) FLOAT_TAG}));
                pieces.add(new Piece.Elements(replacement));
            }
            case ModelField.ATTRIBUTE_FLOATS -> {
                pieces.add(Piece.header(field, bytes));
                pieces.add(new Piece.Elements(replacement));
            }
            default -> {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                for (long at = 0; at < bytes; at += 8) {
                    ByteBuffer one = replacement.view(at, 8);
                    out.writeBytes(Piece.number(field, one.getLong(0)).bytes()); // unpacked, as proto2 writes them
                }
                pieces.add(new Piece.Bytes(out.toByteArray()));
            }
        }
        edits.append(tensor.storage().frame(), pieces);
    }

    /**
     * Sparse again, in the form that every reader takes: linear, ascending, INT64. An initializer becomes dense where that is not
     * larger, but not before IR version 4, where a dense one had to be an input of the graph too; a Constant node's value stays
     * sparse, since it may be an output of the graph, whose type that is.
     */
    private void sparse(GraphTensor tensor, Storage.Sparse sparse, TensorView replacement) throws IOException {
        long count = NonZeros.count(replacement);
        long bytes = count * (8 + replacement.info().dtype().bytes());
        if (tensor.place() == GraphTensor.Place.SPARSE_INITIALIZER
                && layout.irVersion() >= DENSE_IS_NO_INPUT
                && bytes >= replacement.info().bytes()) {
            sparseToDense(tensor, sparse, replacement);
            return;
        }
        Frame values = sparse.values().frame();
        edits.remove(
                file,
                values,
                field -> isElements(field) || field == TensorField.DATA_LOCATION || field == TensorField.DIMS);
        edits.append(values, SparseEncoding.values(replacement, count));
        edits.remove(file, sparse.frame(), field -> field == ModelField.SPARSE_INDICES);
        edits.append(sparse.frame(), SparseEncoding.indices(replacement, count));
    }

    private void sparseToDense(GraphTensor tensor, Storage.Sparse sparse, TensorView replacement) throws IOException {
        Frame frame = sparse.frame();
        Frame graph = Objects.requireNonNull(frame.parent());
        List<Piece> dense = new ArrayList<>();
        for (long dim : sparse.shape().dims()) {
            dense.add(Piece.number(TensorField.DIMS, dim));
        }
        dense.add(Piece.number(TensorField.DATA_TYPE, sparse.type().number()));
        String name = TensorReader.name(file, tensor.label(), sparse.values().frame());
        dense.add(Piece.text(TensorField.NAME, name));
        dense.addAll(raw(replacement));
        dense.add(0, Piece.header(ModelField.GRAPH_INITIALIZER, Piece.length(dense)));
        edits.replace(graph, frame.fieldStart(), frame.to(), dense);
    }

    private void metadata(Map<String, String> metadata) throws IOException {
        Map<String, String> changed = new LinkedHashMap<>(metadata);
        changed.entrySet()
                .removeIf(entry -> entry.getValue().equals(layout.metadata().get(entry.getKey())));
        if (changed.isEmpty()) {
            return;
        }
        WireCursor model = WireCursor.over(file, "model", layout.model());
        while (model.next()) {
            if (model.field() == ModelField.METADATA_PROPS
                    && changed.containsKey(
                            ModelLayout.entry(model.nested("metadata_props")).getKey())) {
                edits.replace(layout.model(), model.fieldStart(), model.fieldEnd(), List.of());
            }
        }
        List<Piece> entries = new ArrayList<>();
        changed.forEach((key, value) -> entries.add(Piece.entry(ModelField.METADATA_PROPS, key, value)));
        edits.append(layout.model(), entries);
    }
}
