package io.detinit.generator.internal;

import io.detinit.generator.internal.FillKernel.Scratch;

/** Computes consecutive elements of a rectangle of weights, counted in row-major order. Safe for use by many threads. */
@FunctionalInterface
public interface BlockSource {

    /**
     * Computes consecutive elements.
     *
     * @param from the first element of the rectangle
     * @param out receives them; nothing beyond the count is written; {@link Scratch#values} itself where the count is at
     *     most a block
     * @param at where
     * @param count how many
     * @param scratch the caller's
     */
    void fill(long from, float[] out, int at, int count, Scratch scratch);
}
