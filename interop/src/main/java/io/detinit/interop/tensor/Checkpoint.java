package io.detinit.interop.tensor;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open file (or other place) that holds a model's tensors. Reading is safe for use by many threads; close it when done.
 */
public interface Checkpoint extends Closeable {

    /** The metadata key under which a file carries its plan. */
    String PLAN_KEY = "detinit.plan";

    /** {@return where it was opened, for messages} */
    Path path();

    /** {@return the format's name, such as {@code safetensors}} */
    String format();

    /** {@return the tensors, in the order that the format's file order rule gives} */
    List<TensorView> tensors();

    /** {@return the file's own text metadata} */
    Map<String, String> metadata();

    /** {@return one line for each thing in the file that was not read, or that a reader should know} */
    default List<String> warnings() {
        return List.of();
    }

    /**
     * Tensors that are the same memory as an earlier one, such as an output layer tied to an embedding.
     *
     * @return by their names, the name of the first one
     */
    default Map<String, String> tied() {
        return Map.of();
    }

    /** {@return whether a copy keeps the metadata that {@link #rewrite} is given; else a sidecar file has to hold it} */
    default boolean keepsMetadata() {
        return true;
    }

    /**
     * Looks a tensor up.
     *
     * @param name its name in the file
     * @return the tensor, empty where the file has none of that name
     */
    default Optional<TensorView> find(String name) {
        return tensors().stream().filter(t -> t.info().name().equals(name)).findFirst();
    }

    /**
     * Writes a copy in the same format with some tensors replaced; everything else is kept.
     *
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries to add to the file's metadata, replacing those of the same key
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a replacement's name, dtype or shape does not fit
     */
    void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata) throws IOException;

    /**
     * Writes a copy, and says how the replaced tensors are stored.
     *
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries to add to the file's metadata, replacing those of the same key
     * @param storage how the replacements are stored
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a replacement does not fit, or the format has no such storage
     */
    default void rewrite(
            Path target, Map<String, TensorView> replacements, Map<String, String> metadata, TensorStorage storage)
            throws IOException {
        if (storage != TensorStorage.DENSE) {
            throw new IllegalArgumentException(
                    path() + ": " + format() + " has no " + storage.id() + " storage of tensors; ONNX has");
        }
        rewrite(target, replacements, metadata);
    }

    @Override
    void close() throws IOException;
}
