package io.detinit.interop.mask;

/**
 * Finds the k-th smallest of any number of non-negative float32 scores exactly, in two passes over them and constant memory:
 * the bits of non-negative floats are ordered like the floats, so the upper 16 bits are counted first, then the lower 16 bits
 * inside the one bucket that holds the k-th.
 *
 * <p>Not thread-safe; counts of several chunks are added in any order.
 */
final class ScoreHistogram {

    private final long[] counts = new long[1 << 16];
    private final int bucket;

    private ScoreHistogram(int bucket) {
        this.bucket = bucket;
    }

    /** The first pass: all scores by their upper bits. */
    static ScoreHistogram upper() {
        return new ScoreHistogram(-1);
    }

    /** The second pass: the scores of one bucket by their lower bits. */
    static ScoreHistogram lower(int bucket) {
        return new ScoreHistogram(bucket);
    }

    void add(float score) {
        int bits = Float.floatToRawIntBits(score);
        if (bucket < 0) {
            counts[bits >>> 16]++;
        } else if (bits >>> 16 == bucket) {
            counts[bits & 0xFFFF]++;
        }
    }

    void merge(ScoreHistogram other) {
        for (int k = 0; k < counts.length; k++) {
            counts[k] += other.counts[k];
        }
    }

    /**
     * The counter that holds a rank.
     *
     * @param rank in [0, number of scores)
     * @return its index
     */
    int find(long rank) {
        long below = 0;
        for (int k = 0; k < counts.length; k++) {
            if (rank < below + counts[k]) {
                return k;
            }
            below += counts[k];
        }
        throw new IllegalArgumentException("rank " + rank + " of " + below + " scores");
    }

    /** How many scores were counted below an index. */
    long below(int index) {
        long below = 0;
        for (int k = 0; k < index; k++) {
            below += counts[k];
        }
        return below;
    }
}
