package io.detinit.generator.quality;

import java.util.List;

/** How many different values the 16 nibbles of a word have (Knuth, TAOCP 2, 3.3.2 E). */
final class Poker implements WordStatistic {

    private static final int NIBBLES = 16;

    private final long[] distinct = new long[NIBBLES + 1];

    @Override
    public void accept(long[] words) {
        for (long word : words) {
            int seen = 0;
            for (int shift = 0; shift < 64; shift += 4) {
                seen |= 1 << ((int) (word >>> shift) & 15);
            }
            distinct[Integer.bitCount(seen)]++;
        }
    }

    @Override
    public List<Result> results(String order) {
        double[] probabilities = new double[NIBBLES + 1];
        probabilities[0] = 1;
        for (int n = 0; n < NIBBLES; n++) {
            for (int r = NIBBLES; r > 0; r--) {
                probabilities[r] = probabilities[r] * r / NIBBLES + probabilities[r - 1] * (NIBBLES - r + 1) / NIBBLES;
            }
            probabilities[0] = 0;
        }
        return List.of(Chi.of(distinct, probabilities).result("words", order, "poker"));
    }
}
