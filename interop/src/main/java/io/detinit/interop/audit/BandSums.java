package io.detinit.interop.audit;

import io.detinit.generator.DeltaSums;

/**
 * Counts and sums over a band of consecutive elements: the unit in which sums are formed, so that they do not depend on how the
 * work was cut.
 */
record BandSums(
        long elements,
        long bitIdentical,
        long notFinite,
        long signFlips,
        long towardsZero,
        long awayFromZero,
        double maxAbs,
        double sumAbs,
        double sumSquares,
        double sumW,
        double sumW0,
        double sumWW,
        double sumW0W0,
        double sumWW0)
        implements java.io.Serializable {

    /** Nothing. */
    static final BandSums NONE = new BandSums(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    static BandSums of(DeltaSums sums) {
        return new BandSums(
                sums.count(),
                sums.bitIdentical(),
                sums.notFinite(),
                sums.signFlips(),
                sums.towardsZero(),
                sums.awayFromZero(),
                sums.maxAbs(),
                sums.sumAbs(),
                sums.sumSquares(),
                sums.sumWeights(),
                sums.sumInitial(),
                sums.sumSquaredWeights(),
                sums.sumSquaredInitial(),
                sums.sumProducts());
    }

    /** Of float64 weights, one after the other. */
    static BandSums of(double[] w, double[] w0, int count) {
        BandSums sums = NONE;
        long identical = 0;
        long notFinite = 0;
        long flips = 0;
        long towards = 0;
        long away = 0;
        double max = 0;
        double[] s = new double[7];
        for (int k = 0; k < count; k++) {
            double abs = Math.abs(w[k] - w0[k]);
            identical += Double.doubleToRawLongBits(w[k]) == Double.doubleToRawLongBits(w0[k]) ? 1 : 0;
            if (!(abs <= Double.MAX_VALUE)) {
                notFinite++;
                continue;
            }
            flips += (w[k] > 0 && w0[k] < 0) || (w[k] < 0 && w0[k] > 0) ? 1 : 0;
            towards += Math.abs(w[k]) < Math.abs(w0[k]) ? 1 : 0;
            away += Math.abs(w[k]) > Math.abs(w0[k]) ? 1 : 0;
            max = Math.max(max, abs);
            s[0] += abs;
            s[1] += abs * abs;
            s[2] += w[k];
            s[3] += w0[k];
            s[4] += w[k] * w[k];
            s[5] += w0[k] * w0[k];
            s[6] += w[k] * w0[k];
        }
        return sums.plus(new BandSums(
                count, identical, notFinite, flips, towards, away, max, s[0], s[1], s[2], s[3], s[4], s[5], s[6]));
    }

    /** This and what follows it. */
    BandSums plus(BandSums next) {
        return new BandSums(
                elements + next.elements,
                bitIdentical + next.bitIdentical,
                notFinite + next.notFinite,
                signFlips + next.signFlips,
                towardsZero + next.towardsZero,
                awayFromZero + next.awayFromZero,
                Math.max(maxAbs, next.maxAbs),
                sumAbs + next.sumAbs,
                sumSquares + next.sumSquares,
                sumW + next.sumW,
                sumW0 + next.sumW0,
                sumWW + next.sumWW,
                sumW0W0 + next.sumW0W0,
                sumWW0 + next.sumWW0);
    }

    /** The counts and the maximum alone. */
    BandSums withoutSums() {
        return new BandSums(
                elements, bitIdentical, notFinite, signFlips, towardsZero, awayFromZero, maxAbs, 0, 0, 0, 0, 0, 0, 0);
    }

    /** Puts the seven sums into an array. */
    void sums(double[] target, int at) {
        target[at] = sumAbs;
        target[at + 1] = sumSquares;
        target[at + 2] = sumW;
        target[at + 3] = sumW0;
        target[at + 4] = sumWW;
        target[at + 5] = sumW0W0;
        target[at + 6] = sumWW0;
    }

    /** These counts with seven sums from an array. */
    BandSums withSums(double[] s, int at) {
        return new BandSums(
                elements,
                bitIdentical,
                notFinite,
                signFlips,
                towardsZero,
                awayFromZero,
                maxAbs,
                s[at],
                s[at + 1],
                s[at + 2],
                s[at + 3],
                s[at + 4],
                s[at + 5],
                s[at + 6]);
    }

    private long finite() {
        return elements - notFinite;
    }

    /** No more than the largest, which alone is rounded to float32. */
    double meanAbs() {
        return finite() == 0 ? 0 : Math.min(maxAbs, sumAbs / finite());
    }

    /** No more than the largest, which alone is rounded to float32. */
    double rms() {
        return finite() == 0 ? 0 : Math.min(maxAbs, Math.sqrt(sumSquares / finite()));
    }

    /** The standard deviation of w0. */
    double initialStd() {
        double n = finite();
        return n == 0 ? 0 : Math.sqrt(Math.max(0, sumW0W0 / n - (sumW0 / n) * (sumW0 / n)));
    }

    /** Pearson's correlation of w and w0; NaN where one of them is constant. */
    double correlation() {
        double n = finite();
        if (n < 2) {
            return Double.NaN;
        }
        double varW = sumWW - sumW * sumW / n;
        double varW0 = sumW0W0 - sumW0 * sumW0 / n;
        // what rounding leaves of the variance of a constant
        if (!(varW > 1e-13 * sumWW) || !(varW0 > 1e-13 * sumW0W0)) {
            return Double.NaN;
        }
        double r = (sumWW0 - sumW * sumW0 / n) / (Math.sqrt(varW) * Math.sqrt(varW0));
        return Math.max(-1, Math.min(1, r));
    }

    /** The cosine of the angle between w and w0; NaN where one of them is zero. */
    double cosine() {
        double norms = Math.sqrt(sumWW) * Math.sqrt(sumW0W0);
        return norms > 0 ? Math.max(-1, Math.min(1, sumWW0 / norms)) : Double.NaN;
    }
}
