package io.detinit.generator.quality;

/** Distribution functions behind the p-values. */
final class Distributions {

    private static final int MAX_TERMS = 1_000_000;
    private static final double TINY = 1e-300;

    private Distributions() {}

    /** ln Gamma(x), x > 0: Stirling's series after the recurrence has carried x above 15. */
    static double logGamma(double x) {
        double shift = 0;
        double y = x;
        while (y < 15) {
            shift += Math.log(y);
            y++;
        }
        double r = 1 / (y * y);
        double series = (1 / 12.0 - r * (1 / 360.0 - r * (1 / 1260.0 - r * (1 / 1680.0 - r / 1188.0)))) / y;
        return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
    }

    /** P(a, x), the regularised lower incomplete gamma function. */
    static double gammaP(double a, double x) {
        if (x <= 0) {
            return 0;
        }
        return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x);
    }

    /** Q(a, x) = 1 - P(a, x), accurate where it is small. */
    static double gammaQ(double a, double x) {
        if (x <= 0) {
            return 1;
        }
        return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x);
    }

    private static double gammaPrefix(double a, double x) {
        return Math.exp(a * Math.log(x) - x - logGamma(a));
    }

    private static double gammaSeries(double a, double x) {
        double term = 1 / a;
        double sum = term;
        for (int k = 1; k < MAX_TERMS && term > sum * 1e-17; k++) {
            term *= x / (a + k);
            sum += term;
        }
        return sum * gammaPrefix(a, x);
    }

    /** Legendre's continued fraction 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))), by Lentz's method. */
    private static double gammaFraction(double a, double x) {
        double b = x + 1 - a;
        double c = 1 / TINY;
        double d = 1 / b;
        double value = d;
        for (int k = 1; k < MAX_TERMS; k++) {
            double numerator = -k * (k - a);
            b += 2;
            d = 1 / nonZero(b + numerator * d);
            c = nonZero(b + numerator / c);
            double factor = c * d;
            value *= factor;
            if (Math.abs(factor - 1) < 1e-16) {
                break;
            }
        }
        return value * gammaPrefix(a, x);
    }

    private static double nonZero(double x) {
        return Math.abs(x) < TINY ? TINY : x;
    }

    /** The complementary error function. */
    static double erfc(double x) {
        double q = x * x < 1.5 ? 1 - gammaSeries(0.5, x * x + TINY) : gammaFraction(0.5, x * x);
        return x >= 0 ? q : 2 - q;
    }

    /** Phi(z). */
    static double normalCdf(double z) {
        return 0.5 * erfc(-z * Math.sqrt(0.5));
    }

    /** The z with Phi(z) = p, 0 < p < 1, by bisection. */
    static double normalQuantile(double p) {
        double low = -40;
        double high = 40;
        for (int k = 0; k < 80; k++) {
            double middle = 0.5 * (low + high);
            if (normalCdf(middle) < p) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return 0.5 * (low + high);
    }

    /** Two-sided p-value of a standard normal statistic. */
    static double normalP(double z) {
        return erfc(Math.abs(z) * Math.sqrt(0.5));
    }

    /** Two-sided p-value of a chi-square statistic: both too far and too near count. */
    static double chiSquareP(double statistic, double degrees) {
        return twoSided(gammaP(degrees / 2, statistic / 2), gammaQ(degrees / 2, statistic / 2));
    }

    /** Two-sided mid-p-value of a Poisson count. */
    static double poissonP(long count, double mean) {
        double point = Math.exp(count * Math.log(mean) - mean - logGamma(count + 1.0));
        double above = count == 0 ? 1 : gammaP(count, mean);
        return twoSided(gammaQ(count + 1.0, mean) - point / 2, above - point / 2);
    }

    /** Two-sided mid-p-value of a binomial count, by summation; for small n. */
    static double binomialP(int count, int n, double probability) {
        double below = 0;
        double above = 0;
        for (int k = 0; k <= n; k++) {
            double point = Math.exp(logBinomial(n, k) + k * Math.log(probability) + (n - k) * Math.log1p(-probability));
            below += k < count ? point : k == count ? point / 2 : 0;
            above += k > count ? point : k == count ? point / 2 : 0;
        }
        return twoSided(below, above);
    }

    /** ln of n over k. */
    static double logBinomial(int n, int k) {
        return logGamma(n + 1.0) - logGamma(k + 1.0) - logGamma(n - k + 1.0);
    }

    /** P(K > t) of the limiting Kolmogorov distribution (Kolmogorov 1933; both classical series). */
    static double kolmogorovUpper(double t) {
        if (t <= 0) {
            return 1;
        }
        double sum = 0;
        if (t < 1) {
            for (int k = 1; k < 40; k += 2) {
                sum += Math.exp(-k * k * Math.PI * Math.PI / (8 * t * t));
            }
            return 1 - Math.sqrt(2 * Math.PI) / t * sum;
        }
        for (int k = 1; k < 20; k++) {
            sum += (k % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * k * k * t * t);
        }
        return sum;
    }

    /** p-value of the KS distance of n values, with the correction of Stephens (1970) for finite n. */
    static double kolmogorovP(double distance, long n) {
        double root = Math.sqrt(n);
        return kolmogorovUpper((root + 0.12 + 0.11 / root) * distance);
    }

    /** P(A^2 > z) of the limiting Anderson-Darling distribution, the series of Anderson and Darling (1954). */
    static double andersonDarlingUpper(double z) {
        if (z <= 0) {
            return 1;
        }
        double sum = 0;
        double coefficient = 1;
        for (int j = 0; j < 60; j++) {
            double odd = 4 * j + 1;
            double rate = odd * odd * Math.PI * Math.PI / (8 * z);
            sum += coefficient * odd * Math.exp(-rate) * andersonIntegral(z, rate);
            coefficient *= -(0.5 + j) / (j + 1);
        }
        return Math.max(0, 1 - Math.sqrt(2 * Math.PI) / z * sum);
    }

    /** The integral over w >= 0 of exp(z / (8 (w^2 + 1)) - rate w^2), by the trapezoidal rule. */
    private static double andersonIntegral(double z, double rate) {
        int steps = 400;
        double h = Math.sqrt(40 / rate) / steps;
        double sum = 0.5 * Math.exp(z / 8);
        for (int k = 1; k <= steps; k++) {
            double w2 = k * h * k * h;
            sum += Math.exp(z / (8 * (w2 + 1)) - rate * w2);
        }
        return sum * h;
    }

    private static double twoSided(double lower, double upper) {
        return Math.min(1, 2 * Math.max(0, Math.min(lower, upper)));
    }
}
