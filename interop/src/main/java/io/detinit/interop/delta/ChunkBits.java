package io.detinit.interop.delta;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The mask bits of a chunk, and how many ones come before each of its blocks. Immutable; safe for use by many threads.
 */
final class ChunkBits {

    /** Elements of a block: what is restored in one go. */
    static final int BLOCK = 1 << 16;

    private static final int BLOCK_WORDS = BLOCK / Long.SIZE;

    private final long[] words;
    private final int[] before;

    private ChunkBits(long[] words, int[] before) {
        this.words = words;
        this.before = before;
    }

    static ChunkBits of(byte[] bytes) {
        long[] words = new long[(bytes.length + 7) / 8];
        ByteBuffer source = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        source.asLongBuffer().get(words, 0, bytes.length / 8);
        for (int k = bytes.length & -8; k < bytes.length; k++) {
            words[k >>> 3] |= (bytes[k] & 0xFFL) << (8 * (k & 7));
        }
        int blocks = (words.length + BLOCK_WORDS - 1) / BLOCK_WORDS;
        int[] before = new int[blocks + 1];
        for (int block = 0; block < blocks; block++) {
            int ones = 0;
            int end = Math.min(words.length, (block + 1) * BLOCK_WORDS);
            for (int k = block * BLOCK_WORDS; k < end; k++) {
                ones += Long.bitCount(words[k]);
            }
            before[block + 1] = before[block] + ones;
        }
        return new ChunkBits(words, before);
    }

    int ones() {
        return before[before.length - 1];
    }

    /** How many ones come before a bit. */
    int onesBefore(int bit) {
        int block = bit / BLOCK;
        int ones = before[block];
        for (int k = block * BLOCK_WORDS; k < bit >>> 6; k++) {
            ones += Long.bitCount(words[k]);
        }
        return (bit & 63) == 0 ? ones : ones + Long.bitCount(words[bit >>> 6] << -bit);
    }

    /** The word that a bit is in, without the bits before {@code from} and from {@code end} on. */
    long word(int number, int from, int end) {
        long word = words[number];
        if (number == from >>> 6) {
            word &= -1L << from;
        }
        return number == end >>> 6 ? word & ~(-1L << end) : word;
    }
}
