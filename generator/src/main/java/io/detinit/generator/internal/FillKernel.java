package io.detinit.generator.internal;

/**
 * The bulk form of the generator: blocks of at most {@value #BLOCK} weights go through passes that stay in the first-level
 * cache. Every kernel gives the same bits; they differ in speed alone.
 *
 * <p>Arrays hold {@value #PADDING} elements more than a block, because a pass may compute, and write, whole vectors beyond
 * the count that was asked for.
 *
 * <p>Implementations are stateless; safe for use by many threads, each with a {@link Scratch} of its own.
 */
public interface FillKernel {

    /** The most weights that one call computes. */
    int BLOCK = 512;

    /** How many elements beyond the count a pass may read or write in arrays of {@link Scratch} and in hashed indices. */
    int PADDING = 16;

    /** {@return the kernel in a few words, such as {@code vector, 512 bits}} */
    String description();

    /** {@return the width of the vectors in bits; 0 where the kernel uses none} */
    int vectorBits();

    /**
     * Hashes consecutive indices: {@code hashed[k] = H(from + k)}.
     *
     * @param from the first index
     * @param hashed receives the hashes; at least {@code count + PADDING} long
     * @param count how many
     */
    void hashIndices(long from, long[] hashed, int count);

    /**
     * Continues the chain by one index: {@code words[at + k] = H(prefix ^ hashed[from + k])}.
     *
     * @param prefix the state of the chain before the index
     * @param hashed the hashed indices
     * @param from the first of them to use; at least {@code count + PADDING} follow
     * @param words receives the states
     * @param at where
     * @param count how many
     */
    void address(long prefix, long[] hashed, int from, long[] words, int at, int count);

    /**
     * Normal weights: {@code out[at + k]} is the float32 nearest to std * z of the address in {@code words[k]}.
     *
     * @param scratch holds the addresses in {@link Scratch#words}
     * @param count how many, at most {@link #BLOCK}
     * @param std positive and finite
     * @param out receives the weights; {@code count + PADDING} elements from {@code at} on may be written
     * @param at where
     */
    void normal(Scratch scratch, int count, double std, float[] out, int at);

    /**
     * Uniform weights: {@code out[at + k]} is the float32 nearest to bound * (2 u1 - 1) of the address in {@code words[k]}.
     *
     * @param scratch holds the addresses in {@link Scratch#words}
     * @param count how many, at most {@link #BLOCK}
     * @param bound positive and finite
     * @param out receives the weights; {@code count + PADDING} elements from {@code at} on may be written
     * @param at where
     */
    void uniform(Scratch scratch, int count, double bound, float[] out, int at);

    /** The working arrays of one thread. */
    final class Scratch {

        /** The chain's state at (seed, layer, i, j) of each weight. */
        public final long[] words;

        /** Hashed column indices, where no table of them is at hand. */
        public final long[] hashed;

        /** Between the passes: what becomes the radius. */
        public final double[] radius;

        /** Between the passes: what becomes the angle. */
        public final double[] angle;

        /** Between the passes of the scalar kernel: exponents. */
        public final double[] exponent;

        /** A block of weights on its way to where a whole vector may not be written. */
        public final float[] values;

        /**
         * Makes the arrays.
         *
         * @param count the most weights that are asked for, at least 1; more than {@link #BLOCK} count as that
         */
        public Scratch(long count) {
            int length = (int) Math.min(count, BLOCK) + PADDING;
            words = new long[length];
            hashed = new long[length];
            radius = new double[length];
            angle = new double[length];
            exponent = new double[length];
            values = new float[length];
        }
    }
}
