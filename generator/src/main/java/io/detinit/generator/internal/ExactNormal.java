package io.detinit.generator.internal;

/**
 * The slow path: std * z correctly rounded to float32 or float64, first in double-double, then in decimal arithmetic of
 * growing width.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class ExactNormal {

    /** The relative error bound taken for {@link #doubleDouble}; its operations keep 2^-95 with room to spare. */
    static final double RELATIVE_ERROR = 0x1p-92;

    /** Below this the low part of a double-double may underflow, and the wide path decides. */
    private static final double SMALLEST = 0x1p-900;

    private static final double LARGEST = 0x1p1000;

    private ExactNormal() {}

    /**
     * The float32 nearest to std * z.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation, positive and finite
     * @return the weight, rounded half to even
     */
    public static float toFloat(long bits0, long bits1, double std) {
        if (isZero(bits0, bits1)) {
            return 0.0f;
        }
        DoubleDouble v = doubleDouble(bits0, bits1, std);
        if (inRange(v)) {
            double slack = Math.abs(v.hi()) * RELATIVE_ERROR;
            float low = roundToFloat(v.hi(), v.lo() - slack);
            float high = roundToFloat(v.hi(), v.lo() + slack);
            if (low == high) {
                return low;
            }
        }
        return WideNormal.toFloat(bits0, bits1, std);
    }

    /**
     * The float64 nearest to std * z.
     *
     * @param bits0 the word of u1
     * @param bits1 the word of u2
     * @param std the standard deviation, positive and finite
     * @return the weight, rounded half to even
     */
    public static double toDouble(long bits0, long bits1, double std) {
        if (isZero(bits0, bits1)) {
            return 0.0;
        }
        DoubleDouble v = doubleDouble(bits0, bits1, std);
        if (inRange(v)) {
            double slack = Math.abs(v.hi()) * RELATIVE_ERROR;
            double low = v.hi() + (v.lo() - slack);
            double high = v.hi() + (v.lo() + slack);
            if (low == high) {
                return low;
            }
        }
        return WideNormal.toDouble(bits0, bits1, std);
    }

    /** z is exactly 0 where u1 = 1 or u2 is 1/4 or 3/4, and nowhere else. */
    static boolean isZero(long bits0, long bits1) {
        long k1 = (bits0 >>> 11) + 1;
        long k2 = bits1 >>> 11;
        return k1 == 1L << 53 || k2 == 1L << 51 || k2 == 3L << 51;
    }

    private static boolean inRange(DoubleDouble v) {
        double magnitude = Math.abs(v.hi());
        return magnitude > SMALLEST && magnitude < LARGEST;
    }

    /** std * z in double-double. */
    static DoubleDouble doubleDouble(long bits0, long bits1, double std) {
        double u1 = ((bits0 >>> 11) + 1) * FastNormal.UNIT;
        double u2 = (bits1 >>> 11) * FastNormal.UNIT;
        double x = Math.abs(u2 - 0.5) - 0.25;
        return ln(u1).times(-2).sqrt().times(sinTurns(x)).times(std);
    }

    private static DoubleDouble ln(double u) {
        int exponent = Math.getExponent(u);
        double m = u * Math.scalb(1.0, -exponent);
        if (m > Math.sqrt(2)) {
            m *= 0.5;
            exponent++;
        }
        DoubleDouble s = DoubleDouble.of(m - 1).dividedBy(DoubleDouble.sum(m, 1));
        DoubleDouble t = s.times(s);
        DoubleDouble series = DoubleDouble.of(0);
        for (int k = 45; k >= 1; k -= 2) { // t^22 / 45 < 2^-117
            series = series.times(t).plus(DoubleDouble.ONE.dividedBy(DoubleDouble.of(k)));
        }
        return DoubleDouble.LN2.times(exponent).plus(s.times(series).times(2));
    }

    private static DoubleDouble sinTurns(double x) {
        DoubleDouble a = DoubleDouble.TWO_PI.times(x);
        DoubleDouble square = a.times(a);
        DoubleDouble series = DoubleDouble.ONE;
        for (int k = 34; k >= 2; k -= 2) { // (pi/2)^36 / 37! < 2^-120
            series = DoubleDouble.ONE.plus(square.times(series)
                    .dividedBy(DoubleDouble.of(k * (k + 1.0)))
                    .negated());
        }
        return a.times(series);
    }

    /** The float32 nearest to the exact sum hi + lo: round to odd in double, then once to float. */
    static float roundToFloat(double hi, double lo) {
        DoubleDouble sum = DoubleDouble.sum(hi, lo);
        double high = sum.hi();
        double low = sum.lo();
        long bits = Double.doubleToRawLongBits(high);
        if (low != 0 && (bits & 1) == 0) {
            boolean awayFromZero = (low > 0) == (high > 0);
            bits += awayFromZero ? 1 : -1;
        }
        return (float) Double.longBitsToDouble(bits);
    }
}
