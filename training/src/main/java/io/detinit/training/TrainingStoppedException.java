package io.detinit.training;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A training was asked to stop before its end. Where it keeps a checkpoint, that has the state after the last step made. */
public final class TrainingStoppedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final long steps;
    private final transient @Nullable Path checkpoint;

    TrainingStoppedException(long steps, long all, @Nullable Path checkpoint) {
        super("stopped after step " + steps + " of " + all);
        this.steps = steps;
        this.checkpoint = checkpoint;
    }

    /** {@return the steps made} */
    public long steps() {
        return steps;
    }

    /** {@return the checkpoint; empty where none is kept} */
    public Optional<Path> checkpoint() {
        return Optional.ofNullable(checkpoint);
    }
}
