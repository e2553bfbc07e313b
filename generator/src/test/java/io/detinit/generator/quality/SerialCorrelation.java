package io.detinit.generator.quality;

import java.util.List;

/** Correlations of z and of z^2 with those 1 to 100 places on, inside each chunk. */
final class SerialCorrelation {

    private static final int LAGS = 100;

    private final String family;
    private final String order;
    private final double[] linear = new double[LAGS + 1];
    private final double[] square = new double[LAGS + 1];
    private final long[] pairs = new long[LAGS + 1];

    SerialCorrelation(String family, String order) {
        this.family = family;
        this.order = order;
    }

    /**
     * Adds a chunk.
     *
     * @param values of mean 0 and variance 1
     * @param fourth the fourth moment of the values
     */
    void accept(float[] values, double fourth) {
        float[] squares = new float[values.length];
        double scale = 1 / Math.sqrt(fourth - 1);
        for (int k = 0; k < values.length; k++) {
            squares[k] = (float) ((values[k] * (double) values[k] - 1) * scale);
        }
        for (int lag = 1; lag <= LAGS; lag++) {
            linear[lag] += dot(values, values, lag);
            square[lag] += dot(squares, squares, lag);
            pairs[lag] += values.length - lag;
        }
    }

    /** The sum of a[k] b[k + lag]. */
    static double dot(float[] a, float[] b, int lag) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int n = a.length - lag;
        int k = 0;
        for (; k < n - 3; k += 4) {
            s0 += (double) a[k] * b[k + lag];
            s1 += (double) a[k + 1] * b[k + 1 + lag];
            s2 += (double) a[k + 2] * b[k + 2 + lag];
            s3 += (double) a[k + 3] * b[k + 3 + lag];
        }
        for (; k < n; k++) {
            s0 += (double) a[k] * b[k + lag];
        }
        return s0 + s1 + s2 + s3;
    }

    List<Result> results() {
        return List.of(
                Result.chiSquare(family, order, "lags 1 to 100", sum(linear), LAGS),
                Result.chiSquare(family, order, "squares, lags 1 to 100", sum(square), LAGS));
    }

    private double sum(double[] products) {
        double sum = 0;
        for (int lag = 1; lag <= LAGS; lag++) {
            sum += products[lag] * products[lag] / pairs[lag];
        }
        return sum;
    }
}
