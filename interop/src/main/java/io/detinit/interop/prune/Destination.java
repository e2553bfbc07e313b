package io.detinit.interop.prune;

import io.detinit.interop.tensor.TensorStorage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a pruned model goes.
 *
 * @param path the file to appear, whole or not at all
 * @param metadata entries to add to the file's metadata
 * @param storage how the pruned tensors are stored
 */
public record Destination(Path path, Map<String, String> metadata, TensorStorage storage) {

    /** Copies the metadata. */
    public Destination {
        metadata = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Stored densely.
     *
     * @param path the file to appear, whole or not at all
     * @param metadata entries to add to the file's metadata
     * @return the destination
     */
    public static Destination dense(Path path, Map<String, String> metadata) {
        return new Destination(path, metadata, TensorStorage.DENSE);
    }
}
