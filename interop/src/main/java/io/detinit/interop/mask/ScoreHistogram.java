package io.detinit.interop.mask;

import java.io.Serializable;

/**
 * Finds the k-th smallest of any number of rank keys (see {@link ScoreChunk}) exactly, in two passes over them and constant memory:
 * the upper bits are counted first, then the lower 16 bits inside the one bucket that holds the k-th.
 *
 * <p>Not thread-safe; counts of several chunks are added in any order.
 */
final class ScoreHistogram implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Bits of a key that the second pass counts. */
    static final int LOWER_BITS = 16;

    private static final int LOWER = (1 << LOWER_BITS) - 1;

    private final long[] counts;
    private final int bucket;

    private ScoreHistogram(int counters, int bucket) {
        this.counts = new long[counters];
        this.bucket = bucket;
    }

    /** The first pass: all keys by their upper bits. */
    static ScoreHistogram upper() {
        return new ScoreHistogram(ScoreChunk.GROUPS << LOWER_BITS, -1);
    }

    /** The second pass: the keys of one bucket by their lower bits. */
    static ScoreHistogram lower(int bucket) {
        return new ScoreHistogram(1 << LOWER_BITS, bucket);
    }

    /**
     * Counts keys.
     *
     * @param keys the 32 lower bits of each
     * @param groups the bits above them
     * @param count how many
     */
    void add(int[] keys, byte[] groups, int count) {
        if (bucket < 0) {
            for (int k = 0; k < count; k++) {
                counts[(groups[k] << LOWER_BITS) | (keys[k] >>> LOWER_BITS)]++;
            }
            return;
        }
        for (int k = 0; k < count; k++) {
            if (((groups[k] << LOWER_BITS) | (keys[k] >>> LOWER_BITS)) == bucket) {
                counts[keys[k] & LOWER]++;
            }
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
     * @param rank in [0, number of keys)
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
        throw new IllegalArgumentException("rank " + rank + " of " + below + " keys");
    }

    /** How many keys were counted at an index. */
    long count(int index) {
        return counts[index];
    }

    /** How many keys were counted below an index. */
    long below(int index) {
        long below = 0;
        for (int k = 0; k < index; k++) {
            below += counts[k];
        }
        return below;
    }
}
