package io.detinit.interop.audit;

/**
 * Sums over the elements of a tensor, from which the figures of an audit follow. Sums are formed element by element inside a
 * chunk and merged chunk by chunk in order, so they do not depend on the number of threads.
 *
 * <p>Not thread-safe; each chunk has its own.
 */
final class MovementStats {

    final long[] moved;
    long elements;
    long bitIdentical;
    long signFlips;
    long notFinite;
    double sumAbs;
    double sumSquares;
    double maxAbs;
    double sumW;
    double sumW0;
    double sumWW;
    double sumW0W0;
    double sumWW0;

    MovementStats(int thresholds) {
        moved = new long[thresholds];
    }

    /** Adds one weight, its initial value and their float32 (or double) difference. */
    void add(double w, double w0, double delta) {
        elements++;
        double abs = Math.abs(delta);
        if (!(abs <= Double.MAX_VALUE)) {
            notFinite++;
            return;
        }
        sumAbs += abs;
        sumSquares += abs * abs;
        maxAbs = Math.max(maxAbs, abs);
        sumW += w;
        sumW0 += w0;
        sumWW += w * w;
        sumW0W0 += w0 * w0;
        sumWW0 += w * w0;
        if (w * w0 < 0) {
            signFlips++;
        }
    }

    void merge(MovementStats next) {
        for (int t = 0; t < moved.length; t++) {
            moved[t] += next.moved[t];
        }
        elements += next.elements;
        bitIdentical += next.bitIdentical;
        signFlips += next.signFlips;
        notFinite += next.notFinite;
        sumAbs += next.sumAbs;
        sumSquares += next.sumSquares;
        maxAbs = Math.max(maxAbs, next.maxAbs);
        sumW += next.sumW;
        sumW0 += next.sumW0;
        sumWW += next.sumWW;
        sumW0W0 += next.sumW0W0;
        sumWW0 += next.sumWW0;
    }

    private long finite() {
        return elements - notFinite;
    }

    double meanAbs() {
        return finite() == 0 ? 0 : sumAbs / finite();
    }

    double rms() {
        return finite() == 0 ? 0 : Math.sqrt(sumSquares / finite());
    }

    /** Pearson's correlation of w and w0; NaN where one of them is constant. */
    double correlation() {
        double n = finite();
        if (n < 2) {
            return Double.NaN;
        }
        double varW = sumWW - sumW * sumW / n;
        double varW0 = sumW0W0 - sumW0 * sumW0 / n;
        if (!(varW > 0) || !(varW0 > 0)) {
            return Double.NaN;
        }
        double r = (sumWW0 - sumW * sumW0 / n) / (Math.sqrt(varW) * Math.sqrt(varW0));
        return Math.max(-1, Math.min(1, r));
    }
}
