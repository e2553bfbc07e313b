package io.detinit.generator.quality;

import java.util.ArrayList;
import java.util.List;

/** The strict avalanche criterion: one bit of the seed or of an index flipped changes each bit of the word half the time. */
final class Avalanche {

    private Avalanche() {}

    /** The word at the n-th small address, where one coordinate has a given bit clear and is then xored with a mask. */
    private interface Flip {
        long word(Source source, long n, int bit, long mask);
    }

    /**
     * Runs it for seed, layer, i and j.
     *
     * @param addresses how many addresses: 16 seeds, 16 layers, 64 values of i, j from 0 up
     */
    static List<Result> run(Source source, long addresses) {
        List<Result> results = new ArrayList<>();
        results.addAll(run(
                source,
                addresses,
                "seed",
                64,
                (s, n, bit, mask) -> s.word(clear(n & 15, bit) ^ mask, n >> 4 & 15, n >> 8 & 63, n >> 14, 0)));
        results.addAll(run(
                source,
                addresses,
                "layer",
                63,
                (s, n, bit, mask) -> s.word(n & 15, clear(n >> 4 & 15, bit) ^ mask, n >> 8 & 63, n >> 14, 0)));
        results.addAll(run(
                source,
                addresses,
                "i",
                63,
                (s, n, bit, mask) -> s.word(n & 15, n >> 4 & 15, clear(n >> 8 & 63, bit) ^ mask, n >> 14, 0)));
        results.addAll(run(
                source,
                addresses,
                "j",
                63,
                (s, n, bit, mask) -> s.word(n & 15, n >> 4 & 15, n >> 8 & 63, clear(n >> 14, bit) ^ mask, 0)));
        return results;
    }

    /** The value with a zero put in at a bit position, so that no pair of addresses is met twice. */
    private static long clear(long value, int bit) {
        long below = (1L << bit) - 1;
        return (value & below) | (value & ~below) << 1;
    }

    private static List<Result> run(Source source, long addresses, String name, int inputBits, Flip flip) {
        BitCounts[] counts = BitMatrix.counts();
        long[] ones = new long[65];
        for (int bit = 0; bit < inputBits; bit++) {
            for (long n = 0; n < addresses; n++) {
                long changed = flip.word(source, n, bit, 0) ^ flip.word(source, n, bit, 1L << bit);
                counts[bit].add(changed);
                ones[Long.bitCount(changed)]++;
            }
        }
        List<Result> results = new ArrayList<>(BitMatrix.results(counts, "avalanche", name, "bit x bit"));
        results.add(Chi.of(ones, Frequencies.binomial()).result("avalanche", name, "changed bits"));
        return results;
    }
}
