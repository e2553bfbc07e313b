package io.detinit.interop.identify;

/** The upper tail of the standard normal distribution, as a logarithm: it does not underflow. */
final class SeedTail {

    private static final double LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI);

    private SeedTail() {}

    /**
     * ln(1 - Phi(z)). Below 3 by the series of Marsaglia 2004 ("Evaluating the Normal Distribution"), above by the continued
     * fraction of Laplace; the relative error of 1 - Phi(z) is below 1e-9 for every z up to 10^5.
     */
    static double logUpper(double z) {
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
