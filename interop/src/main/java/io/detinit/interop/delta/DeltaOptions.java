package io.detinit.interop.delta;

import java.util.Objects;
import java.util.Optional;

/**
 * How a delta is packed.
 *
 * @param values how wide the kept values of the masked weights are
 * @param threads how many threads, >= 1; the file does not depend on it
 * @param tool the program that packs, and its version
 * @param selection how the masks were made, as a JSON object; empty where every weight is kept whose bits differ
 */
public record DeltaOptions(ValueType values, int threads, String tool, Optional<String> selection) {

    /** Checks the threads. */
    public DeltaOptions {
        Objects.requireNonNull(values, "values");
        if (threads < 1) {
            throw new IllegalArgumentException("threads " + threads + " must be >= 1");
        }
    }

    /**
     * Values as the file has them, and no selection.
     *
     * @param threads how many threads, >= 1
     * @return the options
     */
    public static DeltaOptions exact(int threads) {
        return new DeltaOptions(ValueType.FILE, threads, "detinit", Optional.empty());
    }
}
