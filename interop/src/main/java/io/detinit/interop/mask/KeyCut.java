package io.detinit.interop.mask;

/**
 * Where a ranking is cut: everything below a key goes, and of the weights with that very key the first ones by address.
 *
 * @param key the key, see {@link ScoreChunk}
 * @param ties how many weights with that very key go, at least 1
 * @param equal how many there are
 */
record KeyCut(long key, long ties, long equal) {

    /**
     * The first half of the key.
     *
     * @param upper all keys by their upper bits
     * @param prune how many go, >= 1
     * @return the upper bits of the last one to go
     */
    static int bucket(ScoreHistogram upper, long prune) {
        return upper.find(prune - 1);
    }

    /**
     * The cut.
     *
     * @param upper all keys by their upper bits
     * @param bucket what {@link #bucket} said
     * @param lower the keys of that bucket by their lower bits
     * @param prune how many go, >= 1
     */
    static KeyCut of(ScoreHistogram upper, int bucket, ScoreHistogram lower, long prune) {
        long before = upper.below(bucket);
        int low = lower.find(prune - 1 - before);
        long key = ((long) bucket << ScoreHistogram.LOWER_BITS) | low;
        return new KeyCut(key, prune - before - lower.below(low), lower.count(low));
    }

    Cut cut(boolean sameSign) {
        return new Cut(ScoreChunk.score((int) key), sameSign && key >>> Integer.SIZE == 0);
    }
}
