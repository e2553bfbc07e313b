package io.detinit.generator.quality;

import java.util.Arrays;

/** Eigenvalues of symmetric matrices in double precision: Householder's reduction to a tridiagonal matrix, then implicit QL. */
final class SymmetricEigenvalues {

    private static final double EPS = 0x1p-53;

    private SymmetricEigenvalues() {}

    /**
     * All eigenvalues of a symmetric matrix.
     *
     * @param a the whole matrix by rows; destroyed
     * @return the eigenvalues, ascending
     */
    static double[] of(double[][] a) {
        int n = a.length;
        double[] diagonal = new double[n];
        double[] off = new double[n];
        for (int k = 0; k < n - 2; k++) {
            diagonal[k] = a[k][k];
            off[k] = reflect(a, k);
        }
        for (int k = Math.max(0, n - 2); k < n; k++) {
            diagonal[k] = a[k][k];
        }
        if (n > 1) {
            off[n - 2] = a[n - 1][n - 2];
        }
        return ofTridiagonal(diagonal, off);
    }

    /** Reflects the part right of and below k so that row k has one element right of the diagonal; returns that element. */
    private static double reflect(double[][] a, int k) {
        int n = a.length;
        double[] v = a[k];
        double norm = 0;
        for (int j = k + 1; j < n; j++) {
            norm += v[j] * v[j];
        }
        norm = Math.sqrt(norm);
        if (norm == 0) {
            return 0;
        }
        double alpha = v[k + 1] > 0 ? -norm : norm;
        double beta = 1 / (norm * norm - v[k + 1] * alpha);
        v[k + 1] -= alpha;
        double[] p = new double[n];
        for (int i = k + 1; i < n; i++) {
            addScaled(p, a[i], v[i] * beta, k + 1);
        }
        double half = 0;
        for (int j = k + 1; j < n; j++) {
            half += p[j] * v[j];
        }
        addScaled(p, v, -0.5 * beta * half, k + 1);
        for (int i = k + 1; i < n; i++) {
            subtractTwo(a[i], v, p[i], p, v[i], k + 1);
        }
        return alpha;
    }

    private static void addScaled(double[] y, double[] x, double factor, int from) {
        for (int j = from; j < y.length; j++) {
            y[j] += factor * x[j];
        }
    }

    private static void subtractTwo(double[] y, double[] v, double p, double[] w, double q, int from) {
        for (int j = from; j < y.length; j++) {
            y[j] -= p * v[j] + q * w[j];
        }
    }

    /**
     * All eigenvalues of a symmetric tridiagonal matrix.
     *
     * @param d its diagonal; destroyed
     * @param e the elements beside it, e[k] between k and k + 1, one unused place at the end; destroyed
     * @return the eigenvalues, ascending
     */
    static double[] ofTridiagonal(double[] d, double[] e) {
        for (int low = 0; low < d.length; low++) {
            for (int end = split(d, e, low); end > low; end = split(d, e, low)) {
                sweep(d, e, low, end);
            }
        }
        Arrays.sort(d);
        return d;
    }

    /** The first index from {@code low} on whose element to the next is negligible. */
    private static int split(double[] d, double[] e, int low) {
        int k = low;
        while (k < d.length - 1 && Math.abs(e[k]) > EPS * (Math.abs(d[k]) + Math.abs(d[k + 1]))) {
            k++;
        }
        return k;
    }

    /** One QL step with Wilkinson's shift on the block [low, end]. */
    private static void sweep(double[] d, double[] e, int low, int end) {
        double g = (d[low + 1] - d[low]) / (2 * e[low]);
        double r = Math.sqrt(g * g + 1);
        g = d[end] - d[low] + e[low] / (g + (g >= 0 ? r : -r));
        double sine = 1;
        double cosine = 1;
        double shift = 0;
        e[end] = 0;
        for (int k = end - 1; k >= low; k--) {
            double f = sine * e[k];
            double b = cosine * e[k];
            r = Math.sqrt(f * f + g * g);
            e[k + 1] = r;
            if (r == 0) {
                d[k + 1] -= shift;
                e[end] = 0;
                return;
            }
            sine = f / r;
            cosine = g / r;
            g = d[k + 1] - shift;
            r = (d[k] - g) * sine + 2 * cosine * b;
            shift = sine * r;
            d[k + 1] = g + shift;
            g = cosine * r - b;
        }
        d[low] -= shift;
        e[low] = g;
        e[end] = 0;
    }
}
