package io.detinit.generator.quality;

import java.util.List;

/** Gaps between zeros of the upper and of the lower nibble (Knuth, TAOCP 2, 3.3.2 D). */
final class Gaps implements WordStatistic {

    private static final int LONGEST = 128;
    private static final double HIT = 1 / 16.0;

    private final long[] upperGaps = new long[LONGEST + 1];
    private final long[] lowerGaps = new long[LONGEST + 1];
    private int upper;
    private int lower;

    @Override
    public void accept(long[] words) {
        for (long word : words) {
            if (word >>> 60 == 0) {
                upperGaps[Math.min(upper, LONGEST)]++;
                upper = 0;
            } else {
                upper++;
            }
            if ((word & 15) == 0) {
                lowerGaps[Math.min(lower, LONGEST)]++;
                lower = 0;
            } else {
                lower++;
            }
        }
    }

    @Override
    public List<Result> results(String order) {
        double[] probabilities = new double[LONGEST + 1];
        for (int k = 0; k < LONGEST; k++) {
            probabilities[k] = HIT * Math.pow(1 - HIT, k);
        }
        probabilities[LONGEST] = Math.pow(1 - HIT, LONGEST);
        return List.of(
                Chi.of(upperGaps, probabilities).result("words", order, "gaps, upper nibble"),
                Chi.of(lowerGaps, probabilities).result("words", order, "gaps, lower nibble"));
    }
}
