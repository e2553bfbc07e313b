package io.detinit.generator.internal;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One call's worth of a comparison: where the elements are and where the results go. Element k is {@code weights[from + k]}
 * beside {@code initial[initialFrom + k]}; the ranges were checked by the caller. Of weights in a buffer, the array holds those that
 * {@link #load} was last asked for.
 *
 * <p>Not thread-safe.
 */
public final class DeltaBlock {

    /** Of |d| as bits: from here on it is infinite or NaN. */
    public static final int INFINITE = 0x7F80_0000;

    /** The sign of a float32's bits. */
    public static final int SIGN = 0x8000_0000;

    /** Removes the sign of a float32's bits. */
    public static final int MAGNITUDE = 0x7FFF_FFFF;

    /** Of |d| as bits: the NaN whose bin takes all of them. */
    public static final int NOT_A_NUMBER = 0x7FC0_0000;

    /** The most elements of a buffer that are in the array at once: a few of them stay in the first-level cache. */
    public static final int MOST_LOADED = 2048;

    final float[] weights;
    int from;
    private final @Nullable FloatBuffer source;
    private final int sourceFrom;
    final float[] initial;
    final int initialFrom;
    final int count;
    final int[] limits;
    final DeltaState into;
    final long[] moved;
    final long[] movedBits;
    final int word;
    private boolean countsSigns;

    /**
     * A block of weights in an array.
     *
     * @param weights holds w
     * @param from the index of its first element
     * @param initial holds w0
     * @param initialFrom the index of its first element
     * @param count how many elements
     * @param limits the limits of |d|, at least one
     * @param into receives counts and sums
     * @param moved receives, added, how many deltas are beyond each limit
     * @param movedBits receives which ones are beyond the first limit; empty where nobody asks
     * @param word the first of its words to write
     */
    public DeltaBlock(
            float[] weights,
            int from,
            float[] initial,
            int initialFrom,
            int count,
            float[] limits,
            DeltaState into,
            long[] moved,
            long[] movedBits,
            int word) {
        this(null, 0, weights, from, initial, initialFrom, count, limits, into, moved, movedBits, word);
    }

    /**
     * A block of weights in a buffer.
     *
     * @param weights holds w; its position plays no part
     * @param from the index of its first element
     * @param initial holds w0
     * @param initialFrom the index of its first element
     * @param count how many elements
     * @param limits the limits of |d|, at least one
     * @param into receives counts and sums
     * @param moved receives, added, how many deltas are beyond each limit
     * @param movedBits receives which ones are beyond the first limit; empty where nobody asks
     * @param word the first of its words to write
     */
    public DeltaBlock(
            FloatBuffer weights,
            int from,
            float[] initial,
            int initialFrom,
            int count,
            float[] limits,
            DeltaState into,
            long[] moved,
            long[] movedBits,
            int word) {
        this(
                weights,
                from,
                new float[Math.min(count, MOST_LOADED)],
                0,
                initial,
                initialFrom,
                count,
                limits,
                into,
                moved,
                movedBits,
                word);
    }

    private DeltaBlock(
            @Nullable FloatBuffer source,
            int sourceFrom,
            float[] weights,
            int from,
            float[] initial,
            int initialFrom,
            int count,
            float[] limits,
            DeltaState into,
            long[] moved,
            long[] movedBits,
            int word) {
        this.source = source;
        this.sourceFrom = sourceFrom;
        this.weights = weights;
        this.from = from;
        this.initial = initial;
        this.initialFrom = initialFrom;
        this.count = count;
        this.limits = bits(limits);
        this.into = into;
        this.moved = moved;
        this.movedBits = movedBits;
        this.word = word;
    }

    /** Limits whose order as integers among the bits of |d| is their order as numbers: -1 where no |d| is within the limit. */
    private static int[] bits(float[] limits) {
        int[] bits = new int[limits.length];
        for (int t = 0; t < limits.length; t++) {
            bits[t] = limits[t] >= 0 ? Float.floatToRawIntBits(limits[t]) & MAGNITUDE : -1;
        }
        return bits;
    }

    /**
     * Sees to it that elements are in the array.
     *
     * @param start the first one
     * @param end the one behind the last, at most {@value #MOST_LOADED} later
     */
    public void load(int start, int end) {
        if (source != null) {
            source.get(sourceFrom + start, weights, 0, end - start);
            from = -start;
        }
    }

    /** {@return the array of w} */
    public float[] weights() {
        return weights;
    }

    /** {@return the index of element 0 in the array of w} */
    public int from() {
        return from;
    }

    /** {@return the array of w0} */
    public float[] initial() {
        return initial;
    }

    /** {@return the index of element 0 in the array of w0} */
    public int initialFrom() {
        return initialFrom;
    }

    /** {@return how many elements} */
    public int count() {
        return count;
    }

    /** {@return how many limits} */
    public int limits() {
        return limits.length;
    }

    /**
     * A limit as bits: an element has moved where the bits of |d| are larger, as signed integers.
     *
     * @param t which limit
     * @return the bits; -1 where everything has moved
     */
    public int limit(int t) {
        return limits[t];
    }

    /** {@return what receives counts and sums} */
    public DeltaState into() {
        return into;
    }

    /**
     * Counts elements beyond a limit.
     *
     * @param t which limit
     * @param elements how many more
     */
    public void addMoved(int t, long elements) {
        moved[t] += elements;
    }

    /**
     * Says whether the signs of the present part are still to be counted.
     *
     * @param count whether they are
     */
    public void countSigns(boolean count) {
        countsSigns = count;
    }

    /** {@return whether the signs of the present part are still to be counted} */
    public boolean countsSigns() {
        return countsSigns;
    }

    /** {@return whether somebody asks which elements are beyond the first limit} */
    public boolean wantsBits() {
        return movedBits.length > 0;
    }

    /**
     * Sets one word of the elements beyond the first limit.
     *
     * @param k the word's first element, a multiple of 64
     * @param bits the word
     */
    public void setMovedBits(int k, long bits) {
        movedBits[word + (k >>> 6)] = bits;
    }
}
