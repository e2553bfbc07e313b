package io.detinit.generator.internal;

/**
 * bound * (2 u1 - 1), correctly rounded. 2 u1 - 1 is a double exactly, so a product of two doubles is to be rounded once.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ExactUniform {

    /** Below this the error of a double product may underflow; such floats are 0 anyway. */
    private static final double SMALLEST = 0x1p-960;

    private ExactUniform() {}

    private static double factor(long bits0) {
        return (((bits0 >>> 11) + 1) - (1L << 52)) * 0x1p-52;
    }

    /**
     * The float32 nearest to bound * (2 u1 - 1).
     *
     * @param bits0 the word of u1
     * @param bound positive and finite
     * @return the weight, in [-bound, bound] before rounding
     */
    public static float toFloat(long bits0, double bound) {
        double f = factor(bits0);
        double p = bound * f;
        if (Math.abs(p) < SMALLEST) {
            return (float) p;
        }
        // The fma is asked for only where p lies next to a rounding boundary of float32
        float low = (float) (p * (1 - 0x1p-52));
        float high = (float) (p * (1 + 0x1p-52));
        return low == high ? low : ExactNormal.roundToFloat(p, Math.fma(bound, f, -p));
    }

    /**
     * The float64 nearest to bound * (2 u1 - 1).
     *
     * @param bits0 the word of u1
     * @param bound positive and finite
     * @return the weight
     */
    public static double toDouble(long bits0, double bound) {
        return bound * factor(bits0);
    }
}
