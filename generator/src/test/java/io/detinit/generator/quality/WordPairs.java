package io.detinit.generator.quality;

import java.util.List;

/** Pairs of words a lag apart, no word in two pairs: pairs of upper and of lower bytes, of numbers of ones, and the xor. */
final class WordPairs implements WordStatistic {

    private static final int CLASSES = 8;

    /** The least number of ones of each class but the first; about equally probable. */
    private static final int[] CLASS_FROM = {28, 30, 31, 32, 33, 34, 36};

    private static final int[] CLASS_OF = classOf();
    private static final double[] BINOMIAL = Frequencies.binomial();

    private final int lag;
    private final String suffix;
    private final long[] upper = new long[1 << 16];
    private final long[] lower = new long[1 << 16];
    private final long[] ones = new long[CLASSES * CLASSES];
    private final long[] agreement = new long[65];

    WordPairs(int lag, String suffix) {
        this.lag = lag;
        this.suffix = suffix;
    }

    private static int[] classOf() {
        int[] table = new int[65];
        for (int k = 0; k <= 64; k++) {
            for (int from : CLASS_FROM) {
                table[k] += k >= from ? 1 : 0;
            }
        }
        return table;
    }

    @Override
    public void accept(long[] words) {
        for (int block = 0; block + 2 * lag <= words.length; block += 2 * lag) {
            for (int k = block; k < block + lag; k++) {
                add(words[k], words[k + lag]);
            }
        }
    }

    private void add(long a, long b) {
        upper[(int) (a >>> 56 << 8 | b >>> 56)]++;
        lower[(int) ((a & 0xFF) << 8 | (b & 0xFF))]++;
        ones[CLASS_OF[Long.bitCount(a)] * CLASSES + CLASS_OF[Long.bitCount(b)]]++;
        agreement[Long.bitCount(a ^ b)]++;
    }

    @Override
    public List<Result> results(String order) {
        return List.of(
                Chi.uniform(upper).result("words", order, "upper bytes, " + suffix),
                Chi.uniform(lower).result("words", order, "lower bytes, " + suffix),
                Chi.of(ones, classPairs()).result("words", order, "ones, " + suffix),
                Chi.of(agreement, BINOMIAL).result("words", order, "ones of the xor, " + suffix));
    }

    private static double[] classPairs() {
        double[] single = new double[CLASSES];
        for (int k = 0; k <= 64; k++) {
            single[CLASS_OF[k]] += BINOMIAL[k];
        }
        double[] pairs = new double[CLASSES * CLASSES];
        for (int a = 0; a < CLASSES; a++) {
            for (int b = 0; b < CLASSES; b++) {
                pairs[a * CLASSES + b] = single[a] * single[b];
            }
        }
        return pairs;
    }
}
