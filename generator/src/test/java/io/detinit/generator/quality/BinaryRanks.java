package io.detinit.generator.quality;

import java.util.Arrays;
import java.util.List;

/** Ranks over GF(2) of 64 x 64 matrices (Marsaglia): 64 words, one group in four; and the lowest bits of 4096 words. */
final class BinaryRanks implements WordStatistic {

    private static final int N = 64;

    /** Cells: rank N, N - 1, N - 2, lower. */
    private final long[] ofWords = new long[4];

    private final long[] ofLowBits = new long[4];
    private final long[] matrix = new long[N];

    @Override
    public void accept(long[] words) {
        for (int from = 0; from < words.length; from += 4 * N) {
            System.arraycopy(words, from, matrix, 0, N);
            ofWords[Math.min(N - rank(matrix), 3)]++;
        }
        for (int from = 0; from < words.length; from += N * N) {
            for (int row = 0; row < N; row++) {
                long bits = 0;
                for (int k = 0; k < N; k++) {
                    bits |= (words[from + row * N + k] & 1) << k;
                }
                matrix[row] = bits;
            }
            ofLowBits[Math.min(N - rank(matrix), 3)]++;
        }
    }

    /** Gauss elimination; destroys the matrix. */
    static int rank(long[] rows) {
        int rank = 0;
        for (int column = 0; column < N && rank < N; column++) {
            int pivot = rank;
            while (pivot < N && (rows[pivot] >>> column & 1) == 0) {
                pivot++;
            }
            if (pivot < N) {
                long row = rows[pivot];
                rows[pivot] = rows[rank];
                rows[rank++] = row;
                for (int k = pivot + 1; k < N; k++) {
                    rows[k] ^= row & -(rows[k] >>> column & 1);
                }
            }
        }
        return rank;
    }

    /** P(rank = N - d) of a random N x N matrix. */
    static double probability(int d) {
        int r = N - d;
        double p = Math.pow(2, -(double) d * d);
        for (int i = 0; i < r; i++) {
            double factor = 1 - Math.pow(2, i - N);
            p *= factor * factor / (1 - Math.pow(2, i - r));
        }
        return p;
    }

    @Override
    public List<Result> results(String order) {
        double[] probabilities = {probability(0), probability(1), probability(2), 0};
        probabilities[3] = 1 - Arrays.stream(probabilities).sum();
        return List.of(
                Chi.of(ofWords, probabilities).result("words", order, "rank 64 x 64"),
                Chi.of(ofLowBits, probabilities).result("words", order, "rank, lowest bit"));
    }
}
