package io.detinit.interop.statistics;

/**
 * The upper tail of the standard normal distribution.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class NormalTail {

    private static final double LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI);

    private NormalTail() {}

    /**
     * 1 - Phi(z), the probability of more than z.
     *
     * @param z any number
     * @return the probability, with a relative error below 1e-9; 0 where it underflows
     */
    public static double upper(double z) {
        return Math.exp(logUpper(z));
    }

    /**
     * The z that a standard normal variable exceeds with a probability, by Newton's method on {@link #logUpper}.
     *
     * @param p in (0, 0.5]
     * @return z >= 0 with upper(z) = p, with a relative error of p below 1e-8
     * @throws IllegalArgumentException if p lies outside (0, 0.5]
     */
    public static double inverseUpper(double p) {
        if (!(p > 0 && p <= 0.5)) {
            throw new IllegalArgumentException("probability " + p + " must lie in (0, 0.5]");
        }
        double wanted = Math.log(p);
        double z = Math.sqrt(Math.max(0, -2 * (wanted + Math.log(2))));
        for (int k = 0; k < 50; k++) {
            double log = logUpper(z);
            double slope = -Math.exp(-0.5 * z * z - LOG_SQRT_2_PI - log);
            double step = (log - wanted) / slope;
            z = Math.max(0, z - step);
            if (Math.abs(step) < 1e-13 * Math.max(1, z)) {
                break;
            }
        }
        return z;
    }

    /**
     * ln(1 - Phi(z)), which does not underflow. Below 3 by the series of Marsaglia 2004 ("Evaluating the Normal Distribution"),
     * above by the continued fraction of Laplace.
     *
     * @param z any number up to 10^5
     * @return the logarithm; the relative error of 1 - Phi(z) is below 1e-9
     */
    public static double logUpper(double z) {
        if (z < 0) {
            return Math.log1p(-Math.exp(logUpper(-z)));
        }
        double logDensity = -0.5 * z * z - LOG_SQRT_2_PI;
        if (z < 3) {
            double term = z;
            double sum = z;
            for (int k = 3; term > 1e-18 * sum; k += 2) {
                term *= z * z / k;
                sum += term;
            }
            return Math.log(0.5 - Math.exp(logDensity) * sum);
        }
        double fraction = z;
        for (int k = 80; k >= 1; k--) {
            fraction = z + k / fraction;
        }
        return logDensity - Math.log(fraction);
    }
}
