package io.detinit.interop.audit;

import io.detinit.interop.statistics.NormalTail;
import java.util.Locale;

/**
 * Whether the initial values belong to the file at all.
 *
 * @param correlation the correlation of w and w0 over all randomly initialised tensors, each weighted by its size; 0 where
 *     there are none
 * @param weights how many weights it is taken over
 * @param pValue the probability of a correlation at least this high if the file came from another seed: 1 - Phi(r sqrt(n)),
 *     one-sided; 0 where it underflows
 * @param verdict what follows
 */
public record Provenance(double correlation, long weights, double pValue, Verdict verdict) {

    /** A p-value below this proves a match. */
    public static final double MATCH_P_VALUE = 1e-6;

    /** The weakest correlation that a no-match must be able to exclude. */
    private static final double DETECTABLE = 0.05;

    /** What the correlation says. */
    public enum Verdict {
        /** The file was trained from this initialisation. */
        MATCH,
        /** It was not, or training has erased every trace of it. */
        NO_MATCH,
        /** Too few weights to tell. */
        UNDECIDED;

        /** {@return the name as reports write it, such as {@code no-match}} */
        public String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * Judges a correlation. Under another seed, r sqrt(n) is standard normal (w0 is independent of w).
     *
     * @param correlation weighted by size
     * @param weights how many weights
     * @return the judgement
     */
    static Provenance of(double correlation, long weights) {
        double z = correlation * Math.sqrt((double) weights);
        double p = weights == 0 ? 1 : NormalTail.upper(z);
        Verdict verdict;
        if (p < MATCH_P_VALUE) {
            verdict = Verdict.MATCH;
        } else if (DETECTABLE * Math.sqrt((double) weights) > 6.4) {
            // a correlation of 0.05 would have been found: its z is above 6.4, the p-value of a match needs 4.75
            verdict = Verdict.NO_MATCH;
        } else {
            verdict = Verdict.UNDECIDED;
        }
        return new Provenance(correlation, weights, p, verdict);
    }
}
