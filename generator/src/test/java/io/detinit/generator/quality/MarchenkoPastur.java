package io.detinit.generator.quality;

import java.util.Arrays;

/**
 * The Marchenko-Pastur law of ratio c = n / m in (0, 1] and variance 1. With x = 1 + c + 2 sqrt(c) cos(t) its density is
 * (2 / pi) sin(t)^2 / x in t on [0, pi], which the midpoint rule integrates.
 */
final class MarchenkoPastur {

    private static final int STEPS = 1 << 15;

    private final double centre;
    private final double radius;

    /** P(T >= t), so of x below, at the ends of the steps. */
    private final double[] above = new double[STEPS + 1];

    MarchenkoPastur(double ratio) {
        centre = 1 + ratio;
        radius = 2 * Math.sqrt(ratio);
        for (int k = STEPS - 1; k >= 0; k--) {
            double t = Math.PI * (k + 0.5) / STEPS;
            double sine = Math.sin(t);
            above[k] = above[k + 1] + 2.0 / STEPS * sine * sine / (centre + radius * Math.cos(t));
        }
        double total = above[0];
        Arrays.setAll(above, k -> above[k] / total);
    }

    double cdf(double x) {
        double cosine = (x - centre) / radius;
        if (cosine >= 1) {
            return 1;
        }
        if (cosine <= -1) {
            return 0;
        }
        double at = Math.acos(cosine) / Math.PI * STEPS;
        int k = Math.min(STEPS - 1, (int) at);
        return above[k] + (at - k) * (above[k + 1] - above[k]);
    }
}
