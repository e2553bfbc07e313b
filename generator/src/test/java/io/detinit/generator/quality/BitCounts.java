package io.detinit.generator.quality;

/** Counts, for each of the 64 bit positions, how many words have the bit set; by way of histograms of the 8 bytes. */
final class BitCounts {

    private final long[] histogram = new long[8 * 256];
    private long words;

    void add(long word) {
        words++;
        for (int b = 0; b < 8; b++) {
            histogram[(b << 8) + ((int) (word >>> (b << 3)) & 0xFF)]++;
        }
    }

    long words() {
        return words;
    }

    /** Chi-square of the values of each byte position. */
    Chi bytes() {
        Chi sum = new Chi(0, 0);
        for (int b = 0; b < 8; b++) {
            long[] counts = new long[256];
            System.arraycopy(histogram, b << 8, counts, 0, 256);
            sum = sum.plus(Chi.uniform(counts));
        }
        return sum;
    }

    /** For each bit position the standardised number of ones. */
    double[] scores() {
        double[] scores = new double[64];
        for (int bit = 0; bit < 64; bit++) {
            long ones = 0;
            for (int value = 0; value < 256; value++) {
                if ((value >>> (bit & 7) & 1) != 0) {
                    ones += histogram[(bit >>> 3 << 8) + value];
                }
            }
            scores[bit] = (2.0 * ones - words) / Math.sqrt(words);
        }
        return scores;
    }
}
