package io.detinit.generator;

import io.detinit.generator.internal.DeltaState;

/**
 * What {@link DeltaKernel} adds up over one band: counts, the largest delta, and sums in double.
 *
 * <p>Each sum has 16 lanes. The element at position k of the band goes to lane k mod 16, in ascending order of k, and the
 * lanes are added as a tree: lane j and lane j + 8 first, then j + 4, j + 2 and j + 1. The terms of the sums over w and w0 are
 * exact, a float32 or the product of two. Sums over deltas are of w - w0 in double, rounded to float64, and each square is added in
 * one rounding (a fused multiply-add). So the bits of a sum follow from the elements alone: no kernel changes them, and neither does
 * how a band is cut into blocks. Non-finite deltas enter no sum, no maximum, and no count but {@link #count}, {@link #bitIdentical}
 * and {@link #notFinite}.
 *
 * <p>Mutable; for one thread at a time.
 */
public final class DeltaSums {

    final DeltaState state = new DeltaState();

    /** All zero. */
    public DeltaSums() {}

    /** Sets everything to zero, for another band. */
    public void clear() {
        state.clear();
    }

    /** {@return how many elements were compared} */
    public long count() {
        return state.count;
    }

    /** {@return how many elements have w and w0 of the same 32 bits} */
    public long bitIdentical() {
        return state.bitIdentical;
    }

    /** {@return how many deltas are infinite or NaN} */
    public long notFinite() {
        return state.notFinite;
    }

    /** {@return how many elements have one of w and w0 above zero and the other below} */
    public long signFlips() {
        return state.signFlips;
    }

    /** {@return how many elements have |w| &lt; |w0|} */
    public long towardsZero() {
        return state.towardsZero;
    }

    /** {@return how many elements have |w| &gt; |w0|} */
    public long awayFromZero() {
        return state.awayFromZero;
    }

    /** {@return the largest |d|, d rounded to float32; 0 where there is none} */
    public float maxAbs() {
        return Float.intBitsToFloat(state.maxBits);
    }

    /** {@return the sum of |w - w0|} */
    public double sumAbs() {
        return state.total(DeltaState.ABSOLUTE);
    }

    /** {@return the sum of (w - w0)^2} */
    public double sumSquares() {
        return state.total(DeltaState.SQUARED);
    }

    /** {@return the sum of w} */
    public double sumWeights() {
        return state.total(DeltaState.WEIGHTS);
    }

    /** {@return the sum of w0} */
    public double sumInitial() {
        return state.total(DeltaState.INITIAL);
    }

    /** {@return the sum of w^2} */
    public double sumSquaredWeights() {
        return state.total(DeltaState.SQUARED_WEIGHTS);
    }

    /** {@return the sum of w0^2} */
    public double sumSquaredInitial() {
        return state.total(DeltaState.SQUARED_INITIAL);
    }

    /** {@return the sum of w w0} */
    public double sumProducts() {
        return state.total(DeltaState.PRODUCTS);
    }
}
