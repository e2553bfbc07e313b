package io.detinit.training;

import java.util.List;

/**
 * The state of all audited parameters at one moment of training.
 *
 * @param epoch epochs done, with the fraction of the one under way as far as its length is known
 * @param step steps (updates) done
 * @param seconds what the audit took
 * @param total all parameters together
 * @param tensors the parameters in state-dict order
 * @param warnings what is new at this point; what goes on is not repeated
 */
public record TimelinePoint(
        double epoch,
        long step,
        double seconds,
        TensorMovement total,
        List<TensorMovement> tensors,
        List<TrainingWarning> warnings) {

    /** Copies the lists. */
    public TimelinePoint {
        tensors = List.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }
}
