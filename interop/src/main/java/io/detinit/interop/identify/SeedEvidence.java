package io.detinit.interop.identify;

import io.detinit.interop.statistics.NormalTail;

/**
 * How well initial weights fit trained ones.
 *
 * @param correlation Pearson's correlation of w and w0; over several tensors the mean weighted by their sizes; 0 where it is not
 *     defined, since one side is constant
 * @param weights how many weights it is taken over; 0 where it is not defined
 * @param logPValue the natural logarithm of the corrected p-value: the probability that w0 of wrong seeds or addresses
 *     correlates this well with w by chance, 1 - Phi(r sqrt(n)), one-sided, times everything that was tried (Bonferroni), at
 *     most 0
 */
public record SeedEvidence(double correlation, long weights, double logPValue) {

    /** A corrected p-value below this proves an origin. */
    public static final double FOUND_P_VALUE = 1e-6;

    private static final double LOG_FOUND = Math.log(FOUND_P_VALUE);

    /**
     * Judges a correlation.
     *
     * @param correlation of w and w0; NaN where one is constant
     * @param weights how many weights
     * @param tried how many hypotheses were tried, >= 1
     * @return the judgement
     */
    static SeedEvidence of(double correlation, long weights, double tried) {
        if (Double.isNaN(correlation) || weights == 0) {
            return new SeedEvidence(0, 0, 0);
        }
        double log = NormalTail.logUpper(correlation * Math.sqrt((double) weights)) + Math.log(tried);
        return new SeedEvidence(correlation, weights, Math.min(0, log));
    }

    /** {@return the corrected p-value; 0 where it underflows, about 10^-324} */
    public double pValue() {
        return Math.exp(logPValue);
    }

    /** {@return the decimal logarithm of the corrected p-value, which does not underflow} */
    public double log10PValue() {
        return logPValue / Math.log(10);
    }

    /** {@return whether the corrected p-value is below {@value #FOUND_P_VALUE}} */
    public boolean found() {
        return logPValue < LOG_FOUND;
    }
}
