package io.detinit.generator.quality;

import java.util.random.RandomGenerator;

/** Eigenvalues of X X^T for X of independent standard normals, from a generator that is not the tested one. */
final class Wishart {

    private Wishart() {}

    /** By drawing X. */
    static double[] dense(RandomGenerator random, int n, int m) {
        double[][] x = new double[n][m];
        for (double[] row : x) {
            for (int k = 0; k < m; k++) {
                row[k] = random.nextGaussian();
            }
        }
        return SymmetricEigenvalues.of(gram(x));
    }

    /**
     * By the bidiagonal model of Dumitriu and Edelman, "Matrix models for beta ensembles" (2002), at beta = 1: the same
     * distribution at n^2 cost.
     */
    static double[] bidiagonal(RandomGenerator random, int n, int m) {
        double[] d = new double[n];
        double[] e = new double[n];
        double side = 0;
        for (int k = 0; k < n; k++) {
            double diagonal = 2 * gamma(random, 0.5 * (m - k));
            d[k] = diagonal + side;
            if (k < n - 1) {
                side = 2 * gamma(random, 0.5 * (n - 1 - k));
                e[k] = Math.sqrt(diagonal * side);
            }
        }
        return SymmetricEigenvalues.ofTridiagonal(d, e);
    }

    /** A gamma variate of shape {@code a} (Marsaglia and Tsang 2000); a = 1/2 as half a squared normal. */
    private static double gamma(RandomGenerator random, double a) {
        if (a < 1) {
            double z = random.nextGaussian();
            return 0.5 * z * z;
        }
        double d = a - 1 / 3.0;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double z = random.nextGaussian();
            double v = 1 + c * z;
            double cube = v * v * v;
            if (v > 0 && Math.log(1 - random.nextDouble()) < 0.5 * z * z + d - d * cube + d * Math.log(cube)) {
                return d * cube;
            }
        }
    }

    /** X X^T, in blocks of columns. */
    static double[][] gram(double[][] x) {
        int n = x.length;
        int m = x[0].length;
        double[][] transposed = new double[m][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < m; k++) {
                transposed[k][i] = x[i][k];
            }
        }
        double[][] gram = new double[n][n];
        for (int from = 0; from < m; from += 64) {
            int to = Math.min(m, from + 64);
            for (int i = 0; i < n; i++) {
                for (int k = from; k < to; k++) {
                    addScaled(gram[i], transposed[k], x[i][k], i + 1);
                }
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                gram[j][i] = gram[i][j];
            }
        }
        return gram;
    }

    private static void addScaled(double[] y, double[] x, double factor, int to) {
        for (int j = 0; j < to; j++) {
            y[j] += factor * x[j];
        }
    }
}
