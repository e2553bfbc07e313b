package io.detinit.interop.onnx;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ONNX model file, read for the dense initializers of its top-level graph.
 *
 * <p>Tensors come in the order of FIRST USE by the graph's nodes (a node's inputs in their order, then what the bodies of its
 * attributes use); those that no node uses follow in the order of the initializer list. A floating-point initializer that a
 * node uses is a {@link TensorInfo.Kind#PARAMETER}, every other one a {@link TensorInfo.Kind#CONSTANT}. Shape and axis order
 * are the file's: {@code Gemm} with transB=1 keeps {@code [out, in]}, {@code MatMul} keeps {@code [in, out]}.
 *
 * <p>Not read, but kept by {@link #rewrite}: initializers whose type has no {@link DType} (STRING, COMPLEX128, the 4- and
 * 2-bit types), sparse initializers, tensors in Constant nodes, in the bodies of nodes and in functions; {@link #warnings}
 * lists the first two. Refused: external data, segments.
 *
 * <p>The file is not trusted: every length is checked before it is believed, memory grows with the number of initializers
 * (at most 262144) and the size of the metadata (at most 64 MiB), not with the file. Elements are read from the file when asked
 * for; those of a typed field that cannot be read in place (such as {@code int32_data}) are decoded at their first reading
 * and kept. A model is a protobuf message and so less than 2 GiB.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class OnnxCheckpoint implements Checkpoint {

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final ModelLayout layout;
    private final Map<String, TensorView> byName;
    private final List<TensorView> tensors;

    private OnnxCheckpoint(Path path, FileChannel channel, long size, ModelLayout layout) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        this.layout = layout;
        Map<String, TensorView> views = new LinkedHashMap<>();
        layout.initializers().forEach((name, initializer) -> {
            TensorInfo.Kind kind =
                    layout.used().contains(name) && initializer.type().dtype().isFloating()
                            ? TensorKinds.of(name, initializer.type().dtype())
                            : TensorInfo.Kind.CONSTANT;
            TensorInfo info = initializer.info(kind);
            views.put(name, new OnnxTensorView(path, channel, size, initializer, info));
        });
        List<TensorView> ordered = new ArrayList<>();
        for (String name : layout.order()) {
            TensorView view = views.get(name);
            if (view != null) {
                ordered.add(view);
            }
        }
        this.byName = Map.copyOf(views);
        this.tensors = List.copyOf(ordered);
    }

    /**
     * Opens a model.
     *
     * @param path the file
     * @return the open checkpoint; close it when done
     * @throws MalformedFileException if the file is not an ONNX model, breaks its rules or uses external data or segments
     * @throws IOException if it is missing or cannot be read
     */
    public static OnnxCheckpoint open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw MalformedFileException.of(
                        path, "model", size + " bytes", "at most 2147483647, the limit of a protobuf message");
            }
            ModelLayout layout = ModelLayout.read(new FileWindow(path, channel, size));
            return new OnnxCheckpoint(path, channel, size, layout);
        } catch (IOException | RuntimeException | Error e) {
            try {
                channel.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
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
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return OnnxProbe.matches(new FileWindow(path, channel, channel.size()));
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
        return path;
    }

    /** {@return {@code onnx}} */
    @Override
    public String format() {
        return "onnx";
    }

    /** {@return the readable dense initializers, first used first} */
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

    /**
     * Writes a copy of the model with some initializers' elements replaced, as little-endian {@code raw_data}. All other
     * bytes are those of this file, in their order, unknown fields included; with nothing to replace the copy is identical.
     *
     * <p>Cost: one pass over the file; memory does not grow with it. The target may be this file.
     *
     * @param target the model to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries of metadata_props to set; entries of other keys stay
     * @throws IOException if reading or writing fails, or the model would exceed 2147483647 bytes
     * @throws IllegalArgumentException if a replacement's name, dtype or shape does not fit
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        replacements.forEach((name, replacement) -> {
            TensorView own = byName.get(name);
            if (own == null) {
                throw new IllegalArgumentException(
                        path + " has no initializer '" + name + "' to replace; it has " + byName.size() + " others");
            }
            TensorInfo found = replacement.info();
            if (found.dtype() != own.info().dtype()
                    || !found.shape().equals(own.info().shape())) {
                throw new IllegalArgumentException("the replacement of '" + name + "' is " + found.dtype() + " "
                        + found.shape() + "; it must be " + own.info().dtype() + " "
                        + own.info().shape());
            }
        });
        OnnxRewriter rewriter = OnnxRewriter.plan(
                new FileWindow(path, channel, size), channel, layout, Map.copyOf(replacements), metadata);
        AtomicFile.write(target, rewriter::write);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
