package io.detinit.interop.onnx;

import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model file as a checkpoint.
 *
 * <p>Tensors are the dense and sparse initializers and the Constant nodes of the top-level graph, of the bodies of its nodes
 * (If, Loop, Scan and others) and of its functions. At the top level a tensor's name is that of the initializer or of the
 * Constant node's output; in a body it is {@code <node>/<attribute>/<name>}, where a node without a name goes by its first
 * output; in a function {@code <function>/<name>}; a name that is taken gets {@code #2}, {@code #3} and so on.
 *
 * <p>They come in the order of FIRST USE by the graph's nodes (a node's inputs in their order, then what the bodies of its
 * attributes or its function use); those that no node uses follow. A floating-point initializer that a node uses is a
 * {@link TensorInfo.Kind#PARAMETER}, but running statistics, scales and zero points are {@link TensorInfo.Kind#BUFFER}; a
 * Constant node is a parameter where it feeds a weight input ({@link #use}), else, as all others, a
 * {@link TensorInfo.Kind#CONSTANT}. Shape and axis order are the file's: {@code Gemm} with transB=1 keeps {@code [out, in]},
 * {@code MatMul} keeps {@code [in, out]}; {@link #use} tells.
 *
 * <p>A sparse initializer is presented as the dense tensor it stands for, made range by range. External data is read from the
 * model's folder and what lies below it, nowhere else. Not read, but kept by {@link #rewrite}: STRING tensors, tensor attributes
 * of other nodes than Constant, training information; {@link #warnings} lists the first. Refused: segments.
 *
 * <p>The file is not trusted: every length is checked before it is believed, memory grows with the number of tensors (at most
 * 262144) and the size of the metadata (at most 64 MiB), not with the file. Elements are read from the file when asked for,
 * without a copy where they lie together; those of a typed field that cannot be read in place (such as {@code int32_data}) are
 * decoded at their first reading and kept. A model is a protobuf message and so less than 2 GiB, its data files are not.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class OnnxCheckpoint implements Checkpoint {

    private final FileBytes file;
    private final ExternalFiles externals;
    private final ModelLayout layout;
    private final Map<String, TensorView> byName;
    private final Map<String, TensorUse> uses;
    private final List<TensorView> tensors;
    private final Map<String, String> tied;

    private OnnxCheckpoint(FileBytes file, ExternalFiles externals, ModelLayout layout) {
        this.file = file;
        this.externals = externals;
        this.layout = layout;
        this.byName = new HashMap<>();
        this.uses = new HashMap<>();
        List<TensorView> views = new ArrayList<>();
        for (ModelLayout.Entry entry : layout.tensors()) {
            TensorView view = entry.view(file);
            views.add(view);
            byName.put(view.info().name(), view);
            TensorUse use = entry.use();
            if (use != null) {
                uses.put(view.info().name(), use);
            }
        }
        this.tensors = List.copyOf(views);
        this.tied = layout.tied();
    }

    /**
     * Opens a model and the data files it names.
     *
     * @param path the file
     * @return the open checkpoint; close it when done
     * @throws MalformedFileException if the file is not an ONNX model, breaks its rules, or names a data file outside its folder
     * @throws java.nio.file.NoSuchFileException if it, or a data file that it names, is missing; the message names the tensor
     * @throws IOException if it cannot be read
     */
    public static OnnxCheckpoint open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        ExternalFiles externals = new ExternalFiles(path);
        try {
            if (file.size() > OnnxRewriter.MAX_MODEL_BYTES) {
                throw MalformedFileException.of(
                        path, "model", file.size() + " bytes", "at most 2147483647, the limit of a protobuf message");
            }
            ModelLayout layout = ModelLayout.read(new ModelSource(file, externals));
            return new OnnxCheckpoint(file, externals, layout);
        } catch (IOException | RuntimeException | Error e) {
            try (file;
                    externals) {
                throw e;
            }
        }
    }

    /**
     * Whether a file's content is that of an ONNX model: its top level is a protobuf message of ModelProto's fields with an
     * ir_version and a graph. Reads a few bytes per field, whatever the size.
     *
     * @param path the file
     * @return whether {@link #open} is the way to read it; it may still be malformed further in
     * @throws IOException if it is missing or cannot be read
     */
    public static boolean looksLikeOnnx(Path path) throws IOException {
        try (FileBytes file = FileBytes.open(path)) {
            return OnnxProbe.matches(new FileWindow(file));
        }
    }

    /**
     * Whether the beginning of a file may be that of an ONNX model.
     *
     * @param prefix its first bytes, from position to limit (not moved); 64 are enough as a rule
     * @param fileSize the size of the whole file in bytes
     * @return false where it cannot be an ONNX model; true where its fields, as far as they reach, are those of one and an
     *     ir_version or a graph is among them
     */
    public static boolean looksLikeOnnx(ByteBuffer prefix, long fileSize) {
        return OnnxProbe.matches(prefix.slice(), fileSize);
    }

    @Override
    public Path path() {
        return file.path();
    }

    /** {@return {@code onnx}} */
    @Override
    public String format() {
        return "onnx";
    }

    /** {@return the tensors, first used first} */
    @Override
    public List<TensorView> tensors() {
        return tensors;
    }

    @Override
    public Optional<TensorView> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** {@return the model's metadata_props; of a key that stands there twice, the last} */
    @Override
    public Map<String, String> metadata() {
        return layout.metadata();
    }

    /** {@return one line for each thing in the model that holds weights and was not read} */
    @Override
    public List<String> warnings() {
        return layout.warnings();
    }

    /** {@return the tensors that are the same bytes of a data file as an earlier one, with its name} */
    @Override
    public Map<String, String> tied() {
        return tied;
    }

    /** {@return how many tensors are stored as sparse initializers, bodies of nodes included; sparse Constant nodes are none} */
    public long sparseInitializers() {
        return layout.tensors().stream()
                .filter(entry -> entry.tensor().place() == GraphTensor.Place.SPARSE_INITIALIZER)
                .count();
    }

    /**
     * What the graph does with a tensor.
     *
     * @param name the tensor's name
     * @return the first node whose weight it is, else the first that consumes it; empty where no node does or there is no such
     *     tensor
     */
    public Optional<WeightUse> use(String name) {
        return Optional.ofNullable(uses.get(name)).map(TensorUse::use);
    }

    /**
     * The PyTorch module that a tensor belongs to, as the exporter noted it in the node that consumes it: weights that were
     * transposed or folded lose their names ({@code onnx::MatMul_499}, {@code val_0}).
     *
     * @param name the tensor's name
     * @return the module's path, such as {@code h.0.attn.c_attn}, to be matched by its end since containers that are never
     *     called are left out; empty where the file does not say
     */
    public Optional<String> modulePath(String name) {
        return Optional.ofNullable(uses.get(name)).map(TensorUse::modulePath).filter(path -> !path.isEmpty());
    }

    /**
     * Writes a copy of the model with some tensors' elements replaced. All other bytes are those of this file, in their order,
     * unknown fields included; with nothing to replace and no external data the copy is identical. ir_version and opsets
     * stay: nothing that is written needs others.
     *
     * <p>Elements become little-endian {@code raw_data}, those of a Constant's value_floats and the like stay in their field. A
     * sparse initializer stays sparse (linear ascending INT64 indices) where that is smaller or ir_version below 4, else it becomes dense; a Constant
     * node's sparse tensor stays sparse.
     *
     * <p>External data: all of it, replaced or not, goes to one new file beside the copy, {@code <target>.data}, or
     * {@code <target>.2.data} and so on where that exists; no data file is ever changed or replaced. It is written first, so
     * that the model appears only when its data is there; if writing fails neither is left. Tied tensors ({@link #tied}) stay
     * tied: the replacement of one is that of all, where they have none of their own. A model that would exceed 2147483647
     * bytes gets its replaced initializers moved there too.
     *
     * <p>Cost: one pass over the files (two over the replacement of a sparse tensor); memory does not grow with them. The
     * target may be this file.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries of metadata_props to set; entries of other keys stay
     * @throws MalformedFileException if a tensor that is not read has external data, and the target is in another folder
     * @throws IOException if reading or writing fails, or the model would exceed 2147483647 bytes all the same
     * @throws IllegalArgumentException if a replacement's name, dtype or shape does not fit
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        rewrite(target, replacements, metadata, TensorStorage.DENSE);
    }

    /**
     * Writes a copy as {@link #rewrite(Path, Map, Map)} does, and with {@link TensorStorage#SPARSE} each replaced dense
     * initializer as a sparse one wherever that is smaller, its name and the other fields around the elements included: for F32
     * from about 2/3 zeros on. A zero is an element whose bits are all 0; a negative zero is kept.
     *
     * <p>The elements go into the model then, also where they were in a data file. It stays dense where it is a scalar or empty,
     * of a sub-byte, complex or F8_E8M0 type, more than 2147483647 bytes, an output of its graph (ONNX Runtime would hand a
     * sparse tensor out), in a model with training information (which names dense initializers), or where the model would exceed
     * 2147483647 bytes; several that share the same bytes of a data file where one dense copy is not larger than all of them
     * sparse. Constant nodes keep their form. Tensors that are not replaced do too.
     *
     * <p>ir_version 4 or 5 becomes 6, which is the first with sparse initializers and means the same otherwise, if one is written.
     * Below 4 it stays, since from there on the inputs that name weights would be defaults to override; ONNX Runtime and
     * onnx.checker take sparse initializers there as well. The checker's optional shape inference ({@code full_check}) knows no
     * operator that takes a sparse initializer.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries of metadata_props to set; entries of other keys stay
     * @param storage how replaced initializers are stored
     * @throws MalformedFileException if a tensor that is not read has external data, and the target is in another folder
     * @throws IOException if reading or writing fails, or the model would exceed 2147483647 bytes all the same
     * @throws IllegalArgumentException if a replacement's name, dtype or shape does not fit
     */
    @Override
    public void rewrite(
            Path target, Map<String, TensorView> replacements, Map<String, String> metadata, TensorStorage storage)
            throws IOException {
        rewrite(target, replacements, metadata, storage, OnnxRewriter.MAX_MODEL_BYTES);
    }

    /** With another limit on the bytes of the model, for tests. */
    void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata, long limit)
            throws IOException {
        rewrite(target, replacements, metadata, TensorStorage.DENSE, limit);
    }

    /** With another limit on the bytes of the model, for tests. */
    void rewrite(
            Path target,
            Map<String, TensorView> replacements,
            Map<String, String> metadata,
            TensorStorage storage,
            long limit)
            throws IOException {
        if (storage == TensorStorage.REGENERATE) {
            throw new IllegalArgumentException(path() + ": what computes the weights is not known here");
        }
        Replacements.check(tensors, replacements);
        checkExternals(target);
        OnnxRewriter.write(file, layout, withTied(replacements), metadata, target, storage, limit);
    }

    private void checkExternals(Path target) throws MalformedFileException {
        Path from = path().toAbsolutePath().getParent();
        if (!layout.unreadExternals().isEmpty()
                && from != null
                && !from.equals(target.toAbsolutePath().getParent())) {
            throw MalformedFileException.unsupported(
                    path(),
                    layout.unreadExternals().get(0),
                    "copying its external data",
                    "write into the folder of the model: " + from);
        }
    }

    /**
     * What operators a model is made of.
     *
     * @param version the version of the default operator set
     * @param operators the operators of the default operator set in the graph and in the bodies of its nodes
     * @param functions whether the model has functions of its own
     * @param training whether it has training information
     */
    public record OperatorSets(long version, Set<String> operators, boolean functions, boolean training) {

        /** Copies the set. */
        public OperatorSets {
            operators = Set.copyOf(operators);
        }
    }

    /**
     * What operators the model is made of.
     *
     * @return the operators
     * @throws IOException if reading fails
     */
    public OperatorSets operatorSets() throws IOException {
        return OperatorCollector.operatorSets(new FileWindow(file), layout.model());
    }

    /**
     * Writes a copy in which nodes compute some initializers. Other bytes are kept; elements in data files go to one new data file
     * beside the copy, but for those of the replaced ones. Below IR version 4 the inputs that name initializers go, since from
     * there on they would be defaults to override; ir_version and the default operator set are raised to what the nodes need.
     * Whether the model's own operators mean the same there is the caller's to know.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param replacements by name, as {@link #rewrite} takes them
     * @param prelude the nodes and what they replace: names for which {@link #isInitializer} holds
     * @param metadata entries of metadata_props to set; entries of other keys stay
     * @param check looks at the new model before it is there, where it has no data file
     * @throws IOException if reading or writing fails, the check refuses, or the model would exceed 2147483647 bytes
     * @throws IllegalArgumentException if a replacement does not fit, or a replaced name is not one of a dense initializer of the top-level graph
     */
    public void compute(
            Path target,
            Map<String, TensorView> replacements,
            GraphPrelude prelude,
            Map<String, String> metadata,
            ModelCheck check)
            throws IOException {
        Replacements.check(tensors, replacements);
        for (String name : prelude.replaced()) {
            if (!isInitializer(name)) {
                throw new IllegalArgumentException("'" + name + "' is no dense initializer of the top-level graph");
            }
        }
        checkExternals(target);
        OnnxRewriter.write(file, layout, withTied(replacements), prelude, metadata, target, check);
    }

    /**
     * Whether a tensor stands in the top-level graph as a dense initializer, or nodes of it compute it from a seed.
     *
     * @param name the tensor's name
     * @return whether it does
     */
    public boolean isInitializer(String name) {
        return computed().contains(name)
                || layout.tensors().stream()
                        .map(ModelLayout.Entry::tensor)
                        .anyMatch(tensor -> tensor.name().equals(name)
                                && tensor.place() == GraphTensor.Place.INITIALIZER
                                && isTopLevelGraph(tensor.storage().frame().parent()));
    }

    /** {@return the names of the tensors that nodes compute from a seed, as {@code prune --storage regenerate} writes them} */
    public Set<String> computed() {
        return layout.tensors().stream()
                .map(ModelLayout.Entry::tensor)
                .filter(tensor -> tensor.place() == GraphTensor.Place.COMPUTED)
                .map(GraphTensor::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static boolean isTopLevelGraph(@Nullable Frame frame) {
        return frame != null
                && frame.field() == ModelField.GRAPH
                && frame.parent() != null
                && frame.parent().parent() == null;
    }

    private Map<String, TensorView> withTied(Map<String, TensorView> replacements) {
        Map<String, TensorView> all = new HashMap<>(replacements);
        tied.forEach((name, first) -> {
            TensorView replacement = replacements.get(name);
            if (replacement != null) {
                all.putIfAbsent(first, replacement);
            }
        });
        tied.forEach((name, first) -> {
            TensorView replacement = all.get(first);
            if (replacement != null) {
                all.putIfAbsent(name, replacement);
            }
        });
        return all;
    }

    @Override
    public void close() throws IOException {
        try (file) {
            externals.close();
        }
    }
}
