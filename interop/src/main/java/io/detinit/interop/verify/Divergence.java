package io.detinit.interop.verify;

/**
 * The mean Kullback-Leibler divergence KL(first || second) of rows of outputs, in nats. Whether the rows of a model are logits
 * or probabilities shows when all have been seen, so the sums of all cases that are still possible are kept. Not thread-safe.
 */
final class Divergence {

    private final double[][] sums = new double[2][2];
    private boolean firstProbabilities = true;
    private boolean secondProbabilities = true;
    private long rows;

    void add(double[] first, double[] second, int from, int count) {
        firstProbabilities &= Scoring.isDistribution(first, from, count);
        secondProbabilities &= Scoring.isDistribution(second, from, count);
        for (int p = 0; p <= (firstProbabilities ? 1 : 0); p++) {
            for (int q = 0; q <= (secondProbabilities ? 1 : 0); q++) {
                sums[p][q] += divergence(first, p == 1, second, q == 1, from, count);
            }
        }
        rows++;
    }

    /** {@return the mean over the rows; NaN where there are none or an output is a NaN} */
    double mean() {
        return sums[firstProbabilities ? 1 : 0][secondProbabilities ? 1 : 0] / rows;
    }

    private static double divergence(
            double[] first, boolean firstIs, double[] second, boolean secondIs, int from, int count) {
        double firstNorm = logNorm(first, firstIs, from, count);
        double secondNorm = logNorm(second, secondIs, from, count);
        double sum = 0;
        for (int k = from; k < from + count; k++) {
            double logP = (firstIs ? Math.log(first[k]) : first[k]) - firstNorm;
            double logQ = (secondIs ? Scoring.logProbability(second[k]) : second[k]) - secondNorm;
            double p = Math.exp(logP);
            sum += p == 0 ? 0 : p * (logP - logQ);
        }
        return Math.max(0, sum); // below 0 by rounding only
    }

    private static double logNorm(double[] values, boolean probabilities, int from, int count) {
        if (!probabilities) {
            return Scoring.logSumExp(values, from, count);
        }
        double sum = 0;
        for (int k = from; k < from + count; k++) {
            sum += values[k];
        }
        return Math.log(sum);
    }
}
