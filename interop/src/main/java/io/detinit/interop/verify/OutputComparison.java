package io.detinit.interop.verify;

/**
 * The outputs of two models on the same samples.
 *
 * @param samples how many
 * @param outputsPerSample the values that a model gives for each
 * @param maxAbsDifference the largest |first - second|; infinite where exactly one of the two is a NaN or they are different
 *     infinities
 * @param scale the largest finite |output of the first model|
 * @param maxRelativeDifference {@code maxAbsDifference / scale}; 0 where both are 0
 * @param agreeing the samples for which both models have their largest output at the same place
 * @param tolerance the largest relative difference that is accepted
 */
public record OutputComparison(
        int samples,
        int outputsPerSample,
        double maxAbsDifference,
        double scale,
        double maxRelativeDifference,
        int agreeing,
        double tolerance) {

    /** {@return whether the relative difference is at most the tolerance} */
    public boolean within() {
        return maxRelativeDifference <= tolerance;
    }
}
