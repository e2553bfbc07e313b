package io.detinit.generator.quality;

import java.util.List;

/** Changes from bit to bit, and lengths of ascending runs (Knuth, TAOCP 2, 3.3.2 G with a value dropped after each run). */
final class Runs implements WordStatistic {

    private static final int LONGEST = 8;

    private long bits;
    private long changes;
    private long lastBit;

    private final long[] runs = new long[LONGEST];
    private int run;
    private boolean fresh = true;
    private long previous;

    @Override
    public void accept(long[] words) {
        for (long word : words) {
            // Bit 0 of the word comes first; bit 63 of the word before it.
            changes += Long.bitCount(word ^ (word << 1 | lastBit));
            lastBit = word >>> 63;
            ascend(word ^ Long.MIN_VALUE);
        }
        bits += 64L * words.length;
    }

    private void ascend(long value) {
        if (fresh) {
            fresh = false;
            run = 1;
        } else if (value > previous) {
            run++;
        } else {
            runs[Math.min(run, LONGEST) - 1]++;
            fresh = true;
        }
        previous = value;
    }

    @Override
    public List<Result> results(String order) {
        double[] probabilities = new double[LONGEST];
        double factorial = 1;
        double left = 1;
        for (int r = 1; r < LONGEST; r++) {
            factorial *= r;
            probabilities[r - 1] = 1 / factorial - 1 / (factorial * (r + 1));
            left -= probabilities[r - 1];
        }
        probabilities[LONGEST - 1] = left;
        return List.of(
                Result.normal("words", order, "bit runs", (2.0 * changes - bits) / Math.sqrt(bits)),
                Chi.of(runs, probabilities).result("words", order, "runs up"));
    }
}
