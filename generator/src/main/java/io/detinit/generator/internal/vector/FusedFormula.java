package io.detinit.generator.internal.vector;

/**
 * The constants of the formula that {@link WeightPasses} evaluates in lanes: z to within a relative {@link #RELATIVE_ERROR}, with
 * fused multiply-adds and shorter polynomials than the scalar kernel's.
 *
 * <p>The coefficients interpolate the functions at Chebyshev nodes, computed with 300 bits and rounded to double
 * ({@code generator/src/test/python/coefficients.py}); {@code docs/generator.md} derives the bound.
 */
final class FusedFormula {

    /** The relative error bound of z, with the margin that the rounding test needs. */
    static final double RELATIVE_ERROR = 0x1p-42;

    // -2 ln((1+s)/(1-s)) = s (L0 + t (L1 + ... + t L5)), t = s^2 in [0, 0.02944]; relative error below 2^-43.1
    static final double L0 = -4;
    static final double L1 = -4 * 0x1.5555555564eb7p-2;
    static final double L2 = -4 * 0x1.999998cae671fp-3;
    static final double L3 = -4 * 0x1.249323f5fe0a4p-3;
    static final double L4 = -4 * 0x1.c67ad18010d25p-4;
    static final double L5 = -4 * 0x1.8c8cb725e2db5p-4;
    static final double MINUS_TWO_LN2 = -0x1.62e42fefa39efp+0;

    /** The bits of sqrt(1/2) with a cleared low half: where an exponent step is taken. */
    static final long SQRT_HALF_BITS = 0x3FE6A09E00000000L;

    static final long ONE_BITS = 0x3FF0000000000000L;
    static final long FRACTION = 0x000FFFFFFFFFFFFFL;

    /** 2^52 as bits: with a biased exponent in its low bits it is a double, 2^52 + the exponent + 1023. */
    static final long TWO_52_BITS = 0x4330000000000000L;

    /** Takes the 2^52, the exponent's bias and the 53 of 2^53 u1 off again. */
    static final double EXPONENT_BIAS = 0x1p52 + 1023 + 53;

    // sin(2 pi x / 2^53) = x (Q0 + y (Q1 + ... + y Q6)), y = x^2, |x| <= 2^51; relative error below 2^-43.5
    static final double Q0 = 0x1.921fb54442bb4p+2 * 0x1p-53;
    static final double Q1 = -0x1.4abbce624ad99p+5 * 0x1p-159;
    static final double Q2 = 0x1.466bc66ed3d1cp+6 * 0x1p-265;
    static final double Q3 = -0x1.32d2c9b2d1df5p+6 * 0x1p-371;
    static final double Q4 = 0x1.50770f6a5a66bp+5 * 0x1p-477;
    static final double Q5 = -0x1.e29b82ab98ea9p+3 * 0x1p-583;
    static final double Q6 = 0x1.d53abdeb199c1p+1 * 0x1p-689;

    private FusedFormula() {}
}
