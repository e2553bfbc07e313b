package io.detinit.generator.internal;

/**
 * Box-Muller in double with a bounded error: std * sqrt(-2 ln u1) * cos(2 pi u2) to within a relative 2^-46.
 *
 * <p>Only + - * / and sqrt of IEEE doubles are used, so every JVM and CPU computes the same bits; and since a result is
 * accepted only where the whole error interval rounds to one float32, the final float32 would be the same with any other
 * evaluation that keeps the bound. {@code docs/generator.md} derives the bound; the polynomial coefficients interpolate the
 * functions at Chebyshev nodes, computed with 300 bits and rounded to double.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class FastNormal {

    /** Twice the distance between neighbouring uniforms: 2^-53. */
    static final double UNIT = 0x1p-53;

    /** The relative error bound of {@link #scaled}, with the margin that the rounding test needs. */
    public static final double RELATIVE_ERROR = 0x1p-46;

    private static final double LOWER = 1 - RELATIVE_ERROR;
    private static final double UPPER = 1 + RELATIVE_ERROR;

    // ln 2 in two parts; the first ends in 11 zero bits, so its product with an exponent is exact
    private static final double LN2_HI = 0x1.62e42fefa3800p-1;
    private static final double LN2_LO = 0x1.ef35793c76730p-45;

    // ln((1+s)/(1-s)) = 2s (1 + t P(t)), t = s^2 in [0, 0.02944]; relative error below 2^-57
    private static final double P0 = 0x1.5555555555558p-2;
    private static final double P1 = 0x1.99999999952ccp-3;
    private static final double P2 = 0x1.2492492df3ba9p-3;
    private static final double P3 = 0x1.c71c62e26208bp-4;
    private static final double P4 = 0x1.7462b58e46ebep-4;
    private static final double P5 = 0x1.39fe42e9740a7p-4;
    private static final double P6 = 0x1.2b59b713616c9p-4;

    // sin(2 pi x) = x Q(x^2), x^2 in [0, 1/16]; relative error below 2^-54
    private static final double Q0 = 0x1.921fb54442d18p+2;
    private static final double Q1 = -0x1.4abbce625be52p+5;
    private static final double Q2 = 0x1.466bc6775aa7dp+6;
    private static final double Q3 = -0x1.32d2cce627c86p+6;
    private static final double Q4 = 0x1.5078348551854p+5;
    private static final double Q5 = -0x1.e3074dfaf87afp+3;
    private static final double Q6 = 0x1.e8f3675ee37ddp+1;
    private static final double Q7 = -0x1.6f7acdb8f6580p-1;
    private static final double Q8 = 0x1.9d462020fcc78p-4;

    /** The bits of sqrt(1/2) with a cleared low half: where an exponent step is taken. */
    static final long SQRT_HALF_BITS = 0x3FE6A09E00000000L;

    private FastNormal() {}

    /**
     * The natural logarithm of a uniform.
     *
     * @param u in (0, 1]
     * @return ln u to within a relative 2^-50
     */
    static double ln(double u) {
        long bits = Double.doubleToRawLongBits(u);
        long offset = bits - SQRT_HALF_BITS;
        double exponent = offset >> 52;
        double m = Double.longBitsToDouble(bits - (offset & 0xFFF0000000000000L)); // in [sqrt(1/2), sqrt(2))
        return ln(m, exponent);
    }

    /**
     * The natural logarithm of m * 2^exponent.
     *
     * @param m in [sqrt(1/2), sqrt(2))
     * @param exponent a whole number
     * @return its logarithm to within a relative 2^-50
     */
    static double ln(double m, double exponent) {
        double s = (m - 1) / (m + 1);
        double t = s * s;
        double p = P0 + t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * (P5 + t * P6)))));
        double twice = s + s;
        return exponent * LN2_HI + (twice + (twice * (t * p) + exponent * LN2_LO));
    }

    /**
     * The sine of a number of turns.
     *
     * @param x in [-1/4, 1/4]
     * @return sin(2 pi x) to within a relative 2^-50; relative accuracy is kept at the zero
     */
    static double sinTurns(double x) {
        double y = x * x;
        double q = Q0 + y * (Q1 + y * (Q2 + y * (Q3 + y * (Q4 + y * (Q5 + y * (Q6 + y * (Q7 + y * Q8)))))));
        return x * q;
    }

    /**
     * std * z for two raw words.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation, positive and finite
     * @return std * z to within the relative {@link #RELATIVE_ERROR} wherever that is a normal double
     */
    static double scaled(long bits0, long bits1, double std) {
        double u1 = ((bits0 >>> 11) + 1) * UNIT;
        double u2 = (bits1 >>> 11) * UNIT;
        double x = Math.abs(u2 - 0.5) - 0.25; // both steps are exact; cos(2 pi u2) = sin(2 pi x)
        return std * (Math.sqrt(-2 * ln(u1)) * sinTurns(x));
    }

    /**
     * The float32 nearest to std * z.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation, positive and finite
     * @return the weight, rounded half to even
     */
    public static float weight(long bits0, long bits1, double std) {
        double v = scaled(bits0, bits1, std);
        float low = (float) (v * LOWER);
        float high = (float) (v * UPPER);
        if (low == high && low != 0) {
            return low;
        }
        // Next to a rounding boundary; or a zero, which is +0 where z is 0 and keeps its sign where it underflowed
        return ExactNormal.toFloat(bits0, bits1, std);
    }

    /**
     * Whether {@link #weight} must take the slow path for these words; for measuring how often it does.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation
     * @return true where the error interval holds a rounding boundary
     */
    public static boolean needsSlowPath(long bits0, long bits1, double std) {
        double v = scaled(bits0, bits1, std);
        return (float) (v * LOWER) != (float) (v * UPPER);
    }
}
