package io.detinit.generator.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Judges a matrix of bit counts, each of which is binomial with probability 1/2. */
final class BitMatrix {

    private BitMatrix() {}

    static BitCounts[] counts() {
        BitCounts[] counts = new BitCounts[64];
        Arrays.setAll(counts, k -> new BitCounts());
        return counts;
    }

    /** The sum of all squared scores, and the largest score with its p-value for that many. */
    static List<Result> results(BitCounts[] counts, String family, String order, String test) {
        double squares = 0;
        double largest = 0;
        int cells = 0;
        for (BitCounts row : counts) {
            if (row.words() > 0) {
                for (double z : row.scores()) {
                    squares += z * z;
                    largest = Math.max(largest, Math.abs(z));
                    cells++;
                }
            }
        }
        List<Result> results = new ArrayList<>();
        results.add(Result.chiSquare(family, order, test, squares, cells));
        double p = -Math.expm1(cells * Math.log1p(-Math.min(1 - 1e-16, Distributions.normalP(largest))));
        results.add(new Result(family, order, test + ", largest", largest, p));
        return results;
    }
}
