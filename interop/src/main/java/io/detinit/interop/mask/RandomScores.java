package io.detinit.interop.mask;

import io.detinit.generator.SplitMix64;
import java.nio.charset.StandardCharsets;

/**
 * Scores in [0, 1) that depend on a seed and a weight's address alone: with n the 64-bit FNV-1a hash of the tensor's name (UTF-8)
 * without its highest bit and e the element in row-major order, outputs first, the score is the upper 24 bits of
 * {@code SplitMix64.bits(seed, n, e)} over 2^24.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class RandomScores {

    private static final long FNV_BASIS = 0xCBF29CE484222325L;
    private static final long FNV_PRIME = 0x100000001B3L;
    private static final int UNUSED_BITS = 40;

    private RandomScores() {}

    static void fill(long seed, String name, long from, float[] scores, int count) {
        long state = SplitMix64.bits(seed, hash(name));
        for (int k = 0; k < count; k++) {
            scores[k] = (SplitMix64.hash(state ^ SplitMix64.hash(from + k)) >>> UNUSED_BITS) * 0x1p-24f;
        }
    }

    /** The same for a parameter in any order. */
    static void fill(long seed, Prunable one, long from, float[] scores, int count) {
        if (!one.turned()) {
            fill(seed, one.name(), from, scores, count);
            return;
        }
        long state = SplitMix64.bits(seed, hash(one.name()));
        for (int k = 0; k < count; k++) {
            scores[k] = (SplitMix64.hash(state ^ SplitMix64.hash(one.address(from + k))) >>> UNUSED_BITS) * 0x1p-24f;
        }
    }

    static long hash(String name) {
        long hash = FNV_BASIS;
        for (byte one : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (one & 0xFF)) * FNV_PRIME;
        }
        return hash & Long.MAX_VALUE;
    }
}
