package io.detinit.interop.verify;

/**
 * The outputs of two models on the same samples.
 *
 * @param samples how many
 * @param outputsPerSample the values that a model gives for each
 * @param maxAbsDifference the largest |first - second|; infinite where exactly one of the two is a NaN, they are different
 *     infinities, or the models give different numbers of values
 * @param meanAbsDifference the mean |first - second| over all values
 * @param scale the largest finite |output of the first model|
 * @param maxRelativeDifference {@code maxAbsDifference / scale}; 0 where both are 0
 * @param rows the rows of class scores that were compared; 0 where the outputs are not such rows
 * @param agreeing the rows for which both models have their largest output at the same place
 * @param meanDivergence the mean over the rows of the Kullback-Leibler divergence of the second model's distribution from the
 *     first's, KL(first || second), in nats, computed in double: the softmax of logits, or the probabilities where a model ends in a
 *     softmax (told apart as in {@link Score}; a probability below 1.4e-45 of the second counts as that); NaN where there are no
 *     rows of two or more, or an output is a NaN
 * @param tolerance the largest relative difference that is accepted
 */
public record OutputComparison(
        int samples,
        int outputsPerSample,
        double maxAbsDifference,
        double meanAbsDifference,
        double scale,
        double maxRelativeDifference,
        long rows,
        long agreeing,
        double meanDivergence,
        double tolerance) {

    /** {@return whether the relative difference is at most the tolerance} */
    public boolean within() {
        return maxRelativeDifference <= tolerance;
    }

    /** {@return the top-1 agreement, the fraction of rows that agree; NaN where there are none} */
    public double agreement() {
        return (double) agreeing / rows;
    }
}
