package io.detinit.generator.internal;

import java.util.Arrays;

/**
 * What the comparison of weights with initial weights adds up: counts, the largest delta and sums in {@value #LANES} lanes.
 *
 * <p>The element at position k of a band goes to lane k mod {@value #LANES} of each sum, in ascending order of k; the lanes
 * are added in a fixed tree when a sum is asked for.
 */
public final class DeltaState {

    /** How many partial sums each sum has. */
    public static final int LANES = 16;

    /** Where the lanes of the sum of |d| start in {@link #lanes}. */
    public static final int ABSOLUTE = 0;

    /** Where the lanes of the sum of d^2 start. */
    public static final int SQUARED = LANES;

    /** Where the lanes of the sum of w start. */
    public static final int WEIGHTS = 2 * LANES;

    /** Where the lanes of the sum of w0 start. */
    public static final int INITIAL = 3 * LANES;

    /** Where the lanes of the sum of w^2 start. */
    public static final int SQUARED_WEIGHTS = 4 * LANES;

    /** Where the lanes of the sum of w0^2 start. */
    public static final int SQUARED_INITIAL = 5 * LANES;

    /** Where the lanes of the sum of w w0 start. */
    public static final int PRODUCTS = 6 * LANES;

    /** The lanes of all sums, one sum after the other. */
    public final double[] lanes = new double[7 * LANES];

    /** How many elements were compared. */
    public long count;

    /** How many of them have the same bits in both arrays. */
    public long bitIdentical;

    /** How many deltas are infinite or NaN. */
    public long notFinite;

    /** How many finite deltas go from one side of zero to the other. */
    public long signFlips;

    /** How many finite deltas made the magnitude smaller. */
    public long towardsZero;

    /** How many finite deltas made the magnitude larger. */
    public long awayFromZero;

    /** The bits of the largest finite |d|. */
    public int maxBits;

    /** All zero. */
    public DeltaState() {}

    /** Sets everything to zero. */
    public void clear() {
        Arrays.fill(lanes, 0);
        count = 0;
        bitIdentical = 0;
        notFinite = 0;
        signFlips = 0;
        towardsZero = 0;
        awayFromZero = 0;
        maxBits = 0;
    }

    /**
     * Adds up the lanes of a sum: lane j and lane j + 8, then j + 4, j + 2 and j + 1.
     *
     * @param sum where its lanes start
     * @return the sum
     */
    public double total(int sum) {
        double[] tree = Arrays.copyOfRange(lanes, sum, sum + LANES);
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int j = 0; j < half; j++) {
                tree[j] += tree[j + half];
            }
        }
        return tree[0];
    }
}
