package io.detinit.training;

import java.util.List;
import java.util.OptionalDouble;

/**
 * One parameter through a training.
 *
 * @param tensor its name
 * @param moments the moments in order
 */
public record TimelineSeries(String tensor, List<Moment> moments) {

    /** Copies the list. */
    public TimelineSeries {
        moments = List.copyOf(moments);
    }

    /**
     * One moment.
     *
     * @param epoch epochs done, with the fraction of the one under way
     * @param step steps done
     * @param movedPercent elements that moved at the first threshold, in per cent
     * @param relativeRms root of the mean of (w - w0)^2 in standard deviations of the initial values; empty where those are constant
     */
    public record Moment(double epoch, long step, double movedPercent, OptionalDouble relativeRms) {}
}
