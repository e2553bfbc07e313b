package io.detinit.training;

import ai.djl.ndarray.NDArray;
import java.util.Map;

/**
 * What a step does beside the optimizer: looks at gradients and weights, or changes them. Hooks are called in their order, on the
 * training thread. NDArrays that a hook makes for itself belong to {@link Step#manager} (closed after the step), or are closed by the hook.
 */
public interface StepHook {

    /**
     * The parameters have their first values, and no step was made. Where a run continues, they get the values of its checkpoint
     * afterwards.
     *
     * @param run the run
     */
    default void begin(TrainingRun run) {}

    /**
     * The gradients are there, clipped where that was asked for, and the weights not yet updated. What a hook changes in a gradient
     * is what the optimizer sees.
     *
     * @param step the step
     */
    default void beforeUpdate(Step step) {}

    /**
     * The weights are updated; the gradients are no longer there. On several devices the first has the update; the others get what
     * the hooks leave there.
     *
     * @param step the step
     */
    default void afterUpdate(Step step) {}

    /** {@return whether {@link #begin} leaves weights that differ from their initial values; an audit does not warn of them then} */
    default boolean changesFirstWeights() {
        return false;
    }

    /** {@return what a run card says of it, as JSON takes it; empty where there is nothing to say. A checkpoint is resumed only with hooks that say the same} */
    default Map<String, Object> describe() {
        return Map.of();
    }

    /** {@return entries for the metadata of the trained model's files; empty where there is nothing to say} */
    default Map<String, String> metadata() {
        return Map.of();
    }

    /** {@return whether the hook only looks: it changes no gradient and no weight} */
    default boolean onlyLooks() {
        return false;
    }
    /**
     * What the hook has to remember from step to step, beside what {@link #begin} makes: it is kept in checkpoints.
     *
     * @return arrays by name; they stay the hook's, and are read at once
     */
    default Map<String, NDArray> state() {
        return Map.of();
    }

    /**
     * Goes on from a checkpoint: called after {@link #begin}, when the parameters have the values of the checkpoint.
     *
     * @param state what {@link #state} gave; the arrays are closed when this returns, so what is kept is copied
     */
    default void restore(Map<String, NDArray> state) {}
}
