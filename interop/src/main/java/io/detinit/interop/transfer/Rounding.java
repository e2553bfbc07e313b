package io.detinit.interop.transfer;

import io.detinit.interop.tensor.DType;

/**
 * What rounding to the narrower of two dtypes may change: a whole spacing, since some converters cut off.
 *
 * @param relative the spacing over the size; 0 where the dtypes are one
 * @param absolute the spacing near zero, where some converters replace small numbers by one of this size
 * @param ofFactors the norm of what rounding leaves of a line that was multiplied by a factor, over the line's
 */
record Rounding(double relative, double absolute, double ofFactors) {

    private static final Rounding F32 = new Rounding(0x1p-23, Float.MIN_VALUE, 1e-5);
    private static final Rounding F16 = new Rounding(0x1p-10, 0x1p-23, 2e-3);
    private static final Rounding BF16 = new Rounding(0x1p-7, Float.MIN_NORMAL, 1e-2);

    static Rounding between(DType one, DType other) {
        DType narrow = rank(one) < rank(other) ? one : other;
        Rounding rounding = switch (narrow) {
            case BF16 -> BF16;
            case F16 -> F16;
            default -> F32;
        };
        return one == other ? new Rounding(0, 0, rounding.ofFactors) : rounding;
    }

    private static int rank(DType dtype) {
        return switch (dtype) {
            case BF16 -> 0;
            case F16 -> 1;
            case F32 -> 2;
            default -> 3;
        };
    }

    boolean joins(double one, double other) {
        return Math.abs(one - other) <= Math.max(absolute, relative * Math.max(Math.abs(one), Math.abs(other)));
    }
}
