package io.detinit.training.timeline;

import java.util.List;
import java.util.Optional;
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
     * @param rmsDelta root of the mean of (w - w0)^2
     * @param relativeRms root of the mean of (w - w0)^2 in standard deviations of the initial values; empty where those are constant
     * @param gradientNorm mean norm of the gradient over the sampled steps since the moment before; empty where it was not measured
     * @param updateRatio mean update-to-weight ratio over the same steps; empty where it was not measured, or the weights were 0
     * @param neverFire the part of the layer's units that never fire, in [0, 1]; empty where no activation that can be seen follows
     */
    public record Moment(
            double epoch,
            long step,
            double movedPercent,
            double rmsDelta,
            OptionalDouble relativeRms,
            OptionalDouble gradientNorm,
            OptionalDouble updateRatio,
            OptionalDouble neverFire) {

        /**
         * A tensor at a point.
         *
         * @param point the point
         * @param tensor one of its tensors
         * @return the figures
         */
        public static Moment of(TimelinePoint point, TensorMovement tensor) {
            Optional<TensorGradient> gradient = point.activity().gradient(tensor.name());
            Optional<UnitActivity> units = point.activity().units(tensor.name());
            return new Moment(
                    point.epoch(),
                    point.step(),
                    tensor.movedPercent(),
                    tensor.rmsDelta(),
                    tensor.relativeRms(),
                    gradient.map(TensorGradient::meanNorm).orElse(OptionalDouble.empty()),
                    gradient.map(TensorGradient::meanUpdateRatio).orElse(OptionalDouble.empty()),
                    units.map(u -> OptionalDouble.of(u.share())).orElse(OptionalDouble.empty()));
        }
    }
}
