package io.detinit.generator.internal.vector;

import static io.detinit.generator.internal.vector.FusedFormula.*;

/** One lane of {@link WeightPasses}, operation by operation in plain Java, so that its value can be looked at before it is rounded. */
public final class FusedNormal {

    private FusedNormal() {}

    /**
     * z for two raw words.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @return z to within a relative 2^-42
     */
    public static double z(long bits0, long bits1) {
        double x = 0x1p51 - Math.abs((double) (bits1 >> 11));
        double y = x * x;
        double q = Math.fma(
                Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(Q6, y, Q5), y, Q4), y, Q3), y, Q2), y, Q1), y, Q0);
        return q * x * Math.sqrt(minusTwoLn((double) ((bits0 >>> 11) + 1)));
    }

    /** -2 ln(u / 2^53). */
    private static double minusTwoLn(double u) {
        long bits = Double.doubleToRawLongBits(u) + (ONE_BITS - SQRT_HALF_BITS);
        double exponent = Double.longBitsToDouble((bits >>> 52) | TWO_52_BITS) - EXPONENT_BIAS;
        double m = Double.longBitsToDouble((bits & FRACTION) + SQRT_HALF_BITS) - 1;
        double s = m / (m + 2);
        double t = s * s;
        double p = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(L5, t, L4), t, L3), t, L2), t, L1), t, L0);
        return Math.fma(exponent, MINUS_TWO_LN2, p * s);
    }

    /**
     * Whether a weight is left to the scalar formula; for measuring how often that is.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation, in [2^-40, 2^40]
     * @return true where the error interval holds a rounding boundary
     */
    public static boolean isUncertain(long bits0, long bits1, double std) {
        double z = z(bits0, bits1);
        float low = (float) Math.fma(z, std * (1 - RELATIVE_ERROR), 0);
        return low != (float) (z * (std * (1 + RELATIVE_ERROR)));
    }
}
