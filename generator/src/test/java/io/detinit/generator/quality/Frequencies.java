package io.detinit.generator.quality;

import java.util.Arrays;
import java.util.List;

/** Ones in all, by bit position and by word, and the values of the bytes. */
final class Frequencies implements WordStatistic {

    private static final double[] BINOMIAL = binomial();

    private final BitCounts counts = new BitCounts();
    private final long[] weights = new long[65];

    /** The distribution of the number of ones of a word. */
    static double[] binomial() {
        double[] probabilities = new double[65];
        for (int k = 0; k <= 64; k++) {
            probabilities[k] = Math.exp(Distributions.logBinomial(64, k) - 64 * Math.log(2));
        }
        return probabilities;
    }

    @Override
    public void accept(long[] words) {
        for (long word : words) {
            counts.add(word);
            weights[Long.bitCount(word)]++;
        }
    }

    @Override
    public List<Result> results(String order) {
        double[] scores = counts.scores();
        double sum = Arrays.stream(scores).sum();
        double squares = Arrays.stream(scores).map(z -> z * z).sum();
        return List.of(
                Result.normal("words", order, "monobit", sum / 8),
                Result.chiSquare("words", order, "bit positions", squares, 64),
                counts.bytes().result("words", order, "bytes"),
                Chi.of(weights, BINOMIAL).result("words", order, "ones per word"));
    }
}
