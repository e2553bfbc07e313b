package io.detinit.interop.tensor;

import java.util.Locale;

/** How a rewritten checkpoint stores the tensors that were replaced. */
public enum TensorStorage {
    /** Every element, zeros included. */
    DENSE,
    /** Only the elements that are not zero, with their positions, wherever that is smaller. */
    SPARSE,
    /** A seed and the elements that are not initial; nodes of the model compute the others. */
    REGENERATE;

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it
     * @return the storage
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static TensorStorage parse(String name) {
        for (TensorStorage storage : values()) {
            if (storage.id().equals(name)) {
                return storage;
            }
        }
        throw new IllegalArgumentException("unknown storage '" + name + "'; known: dense, sparse, regenerate");
    }
}
