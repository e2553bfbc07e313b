package io.detinit.training.timeline;

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
 * @param activity gradients, updates and units that never fire; {@link Activity#NONE} where they were not measured
 */
public record TimelinePoint(
        double epoch,
        long step,
        double seconds,
        TensorMovement total,
        List<TensorMovement> tensors,
        List<TrainingWarning> warnings,
        Activity activity) {

    /** Copies the lists. */
    public TimelinePoint {
        tensors = List.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /**
     * A point at which nothing but the movement was measured.
     *
     * @param epoch epochs done
     * @param step steps done
     * @param seconds what the audit took
     * @param total all parameters together
     * @param tensors the parameters in state-dict order
     * @param warnings what is new at this point
     */
    public TimelinePoint(
            double epoch,
            long step,
            double seconds,
            TensorMovement total,
            List<TensorMovement> tensors,
            List<TrainingWarning> warnings) {
        this(epoch, step, seconds, total, tensors, warnings, Activity.NONE);
    }
}
