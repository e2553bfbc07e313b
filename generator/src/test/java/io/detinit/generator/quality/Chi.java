package io.detinit.generator.quality;

import java.util.Arrays;

/**
 * Pearson's chi-square of counts.
 *
 * @param statistic the sum of (observed - expected)^2 / expected
 * @param degrees the degrees of freedom
 */
record Chi(double statistic, double degrees) {

    /** Cells are pooled with their successors until they expect at least this many. */
    private static final double LEAST_EXPECTED = 100;

    /** Counts against given probabilities that sum to 1. */
    static Chi of(long[] counts, double[] probabilities) {
        double total = Arrays.stream(counts).sum();
        double statistic = 0;
        int cells = 0;
        double observed = 0;
        double expected = 0;
        double left = total;
        for (int k = 0; k < counts.length; k++) {
            observed += counts[k];
            expected += total * probabilities[k];
            left -= total * probabilities[k];
            if (expected >= LEAST_EXPECTED && (left >= LEAST_EXPECTED || k == counts.length - 1)) {
                statistic += (observed - expected) * (observed - expected) / expected;
                cells++;
                observed = 0;
                expected = 0;
            }
        }
        if (expected > 0) {
            statistic += (observed - expected) * (observed - expected) / expected;
            cells++;
        }
        return new Chi(statistic, cells - 1);
    }

    /** Counts of equally probable cells. */
    static Chi uniform(long[] counts) {
        double expected = (double) Arrays.stream(counts).sum() / counts.length;
        double statistic = 0;
        for (long count : counts) {
            statistic += (count - expected) * (count - expected) / expected;
        }
        return new Chi(statistic, counts.length - 1);
    }

    /** This and an independent one. */
    Chi plus(Chi other) {
        return new Chi(statistic + other.statistic, degrees + other.degrees);
    }

    /** A result; one cell only, where several were to be expected, is a failure. */
    Result result(String family, String order, String test) {
        return degrees > 0
                ? Result.chiSquare(family, order, test, statistic, degrees)
                : new Result(family, order, test, statistic, 0);
    }
}
