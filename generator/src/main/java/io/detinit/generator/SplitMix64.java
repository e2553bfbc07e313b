package io.detinit.generator;

/**
 * The integer part of the generator: SplitMix64's output function, chained over the coordinates of a weight.
 *
 * <p>All arithmetic is modulo 2^64. The mixing constants are variant 13 of David Stafford's "Better Bit Mixing" (2011) as
 * used by Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class SplitMix64 {

    /** The odd 64-bit integer next to 2^64 divided by the golden ratio. */
    static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    static final long MIX_1 = 0xBF58476D1CE4E5B9L;
    static final long MIX_2 = 0x94D049BB133111EBL;

    private SplitMix64() {}

    /**
     * The hash H of 64 bits: a bijection on the 64-bit integers.
     *
     * @param x any 64 bits
     * @return H(x)
     */
    public static long hash(long x) {
        x += GOLDEN_GAMMA;
        x = (x ^ (x >>> 30)) * MIX_1;
        x = (x ^ (x >>> 27)) * MIX_2;
        return x ^ (x >>> 31);
    }

    /**
     * One step of the chain: {@code H(state ^ H(index))}.
     *
     * @param state the state so far; the seed at the start
     * @param index the next index, >= 0
     * @return the next state
     */
    static long absorb(long state, long index) {
        return hash(state ^ hash(index));
    }

    /**
     * The 64 raw bits at an address: {@code h = seed; for each index k: h = H(h ^ H(k))}.
     *
     * @param seed any 64 bits
     * @param indices the coordinates, each >= 0, outermost first
     * @return the bits; the seed itself where there are no indices
     * @throws IllegalArgumentException if an index is negative
     */
    public static long bits(long seed, long... indices) {
        long h = seed;
        for (long index : indices) {
            if (index < 0) {
                throw new IllegalArgumentException("index " + index + " is negative; indices start at 0");
            }
            h = absorb(h, index);
        }
        return h;
    }
}
