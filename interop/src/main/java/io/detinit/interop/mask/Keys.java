package io.detinit.interop.mask;

/** Rank keys of a chunk, see {@link ScoreChunk}: 32 lower bits each, and the group above them. */
final class Keys {

    private final int[] lower;
    private final byte[] groups;

    Keys(int[] lower, byte[] groups) {
        this.lower = lower;
        this.groups = groups;
    }

    /** {@return a key of 33 bits} */
    long get(int k) {
        return ((long) groups[k] << Integer.SIZE) | Integer.toUnsignedLong(lower[k]);
    }

    void copy(long[] destination, int offset, int count) {
        for (int k = 0; k < count; k++) {
            destination[offset + k] = get(k);
        }
    }

    void addTo(ScoreHistogram histogram, int count) {
        histogram.add(lower, groups, count);
    }

    /**
     * Compares with a key.
     *
     * @param key the key
     * @param count how many to compare
     * @param above receives one bit for each, 1 where it is above
     * @param equal receives one bit for each, 1 where it is equal
     * @return how many are equal
     */
    int compare(long key, int count, long[] above, long[] equal) {
        int ties = 0;
        for (int word = 0; word * Long.SIZE < count; word++) {
            int start = word * Long.SIZE;
            int end = Math.min(count, start + Long.SIZE);
            long higher = 0;
            long same = 0;
            for (int k = start; k < end; k++) {
                long difference = get(k) - key;
                higher |= (-difference >>> 63) << k;
                same |= (difference == 0 ? 1L : 0L) << k;
            }
            above[word] = higher;
            equal[word] = same;
            ties += Long.bitCount(same);
        }
        return ties;
    }
}
