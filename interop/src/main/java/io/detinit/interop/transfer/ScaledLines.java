package io.detinit.interop.transfer;

/** Sums over the lines of a tensor and of another one that may be its lines times factors. Not thread-safe. */
final class ScaledLines {

    private final double[] ss;
    private final double[] st;
    private final double[] tt;
    private final double[] sum;
    private final long[] count;

    ScaledLines(int lines) {
        ss = new double[lines];
        st = new double[lines];
        tt = new double[lines];
        sum = new double[lines];
        count = new long[lines];
    }

    void add(int line, double source, double target) {
        ss[line] += source * source;
        st[line] += source * target;
        tt[line] += target * target;
        sum[line] += source;
        count[line]++;
    }

    /** Whether what the best factor leaves of each line is no more than rounding: its norm over the line's. */
    boolean proportional(double tolerance) {
        for (int line = 0; line < ss.length; line++) {
            double left = tt[line] - (ss[line] > 0 ? st[line] * st[line] / ss[line] : 0);
            if (!(left <= tolerance * tolerance * tt[line])) {
                return false;
            }
        }
        return true;
    }

    /** How many elements agree beyond the one that a factor needs, in lines that are neither constant nor all zero in the target. */
    long evidence() {
        long evidence = 0;
        for (int line = 0; line < ss.length; line++) {
            double variance = ss[line] - sum[line] * sum[line] / Math.max(1, count[line]);
            if (tt[line] > 0 && variance > 1e-6 * ss[line]) {
                evidence += count[line] - 1;
            }
        }
        return evidence;
    }

    /** Whether some factor is not 1. */
    boolean differs(double tolerance) {
        for (int line = 0; line < ss.length; line++) {
            if (ss[line] > 0 && Math.abs(st[line] / ss[line] - 1) > tolerance) {
                return true;
            }
        }
        return false;
    }
}
