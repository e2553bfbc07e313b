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
