package io.detinit.training;

import io.detinit.training.timeline.TimelinePoint;

/** Is told how training goes on; called on the training thread. */
public interface TrainingListener {

    /** Listens to nothing. */
    TrainingListener NONE = new TrainingListener() {};

    /**
     * A step is done.
     *
     * @param epoch the epoch, from 1
     * @param epochs how many there will be
     * @param step steps done in this epoch
     * @param steps steps in an epoch
     */
    default void onStep(int epoch, int epochs, int step, int steps) {}

    /**
     * An epoch is done.
     *
     * @param result what it brought
     */
    default void onEpoch(EpochResult result) {}

    /**
     * The parameters were audited: before the first step, and then where it was asked for; at the end of an epoch after {@link #onEpoch}.
     *
     * @param point what was found
     */
    default void onAudit(TimelinePoint point) {}
}
