package io.detinit.training.timeline;

import java.util.OptionalDouble;

/**
 * Gradient and updates of a trained parameter, or of all together, over the sampled steps of the interval before a point. A step's
 * gradient is that of the batch's mean loss, as the optimizer sees it: after clipping and masks. All norms are Euclidean.
 *
 * @param tensor the parameter's name; empty for all together
 * @param steps how many steps were sampled, >= 1
 * @param notFinite at how many of them the gradient held a NaN or an infinity
 * @param norm the gradient's norm at the last sampled step; empty where it is not finite
 * @param meanNorm mean of the gradient's norms over the steps where they are finite; empty where there is none
 * @param weightNorm norm of the weights before the update of the last sampled step; empty where it is not finite
 * @param updateRatio norm of (w after - w before) divided by the norm of w before, at the last sampled step; empty where w before is 0 or
 *     one of them is not finite
 * @param meanUpdateRatio mean of these ratios over the steps where they exist; empty where there is none
 */
public record TensorGradient(
        String tensor,
        int steps,
        int notFinite,
        OptionalDouble norm,
        OptionalDouble meanNorm,
        OptionalDouble weightNorm,
        OptionalDouble updateRatio,
        OptionalDouble meanUpdateRatio) {

    /**
     * Checks the counts.
     *
     * @throws IllegalArgumentException if no step was sampled, or more were not finite than sampled
     */
    public TensorGradient {
        if (steps < 1 || notFinite < 0 || notFinite > steps) {
            throw new IllegalArgumentException(
                    notFinite + " of " + steps + " sampled steps are not finite; at least 1 must be sampled");
        }
    }
}
