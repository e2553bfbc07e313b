package io.detinit.generator.internal;

import java.util.stream.IntStream;

/**
 * The orthogonal factor of a tall matrix by Householder reflections, with R's diagonal made positive.
 *
 * <p>Every element is computed by the same operations in the same order whatever the number of threads: threads share the
 * columns out among themselves, and a column meets the reflections one after another, in the order of their index. Sums
 * run in eight interleaved partial sums that are added pairwise at the end. Only + - * / and sqrt of IEEE doubles are
 * used. {@code docs/generator.md} writes the order down.
 *
 * <p>Source: Golub and Van Loan, Matrix Computations, 4th edition 2013, sections 5.1 and 5.2.
 */
final class HouseholderQr {

    /** So many reflections are applied to a column while it is in the first-level cache. */
    private static final int PANEL = 32;

    private HouseholderQr() {}

    /**
     * Replaces a matrix by its orthogonal factor.
     *
     * @param columns the matrix by columns, each of the same length, at least as long as there are columns
     */
    static void orthogonalize(double[][] columns) {
        int n = columns.length;
        double[] diagonal = new double[n]; // of R
        double[] factors = new double[n]; // 2 / (v v) of each reflection I - 2 v v' / (v v)
        for (int from = 0; from < n; from += PANEL) {
            int to = Math.min(from + PANEL, n);
            for (int k = from; k < to; k++) {
                for (int before = from; before < k; before++) {
                    reflect(columns[before], before, factors[before], columns[k]);
                }
                makeReflection(columns[k], k, diagonal, factors);
            }
            int panel = from;
            IntStream.range(to, n).parallel().forEach(c -> {
                for (int k = panel; k < to; k++) {
                    reflect(columns[k], k, factors[k], columns[c]);
                }
            });
        }
        accumulate(columns, diagonal, factors);
    }

    /** The reflection that takes the column, from its k-th element on, to a multiple of a unit vector. */
    private static void makeReflection(double[] column, int k, double[] diagonal, double[] factors) {
        double norm = Math.sqrt(dot(column, column, k));
        double head = column[k];
        double r = head > 0 ? -norm : norm;
        diagonal[k] = r;
        column[k] = head - r;
        double square = dot(column, column, k);
        factors[k] = square > 0 ? 2 / square : 0;
    }

    /** Q's columns: the reflections applied to the unit vectors, the last one first. */
    private static void accumulate(double[][] columns, double[] diagonal, double[] factors) {
        int n = columns.length;
        int m = n == 0 ? 0 : columns[0].length;
        double[][] q = new double[n][];
        // Descending panels, so that a panel of reflections stays in the cache while all columns meet it
        for (int to = n; to > 0; to -= PANEL) {
            int end = to;
            int from = Math.max(0, to - PANEL);
            IntStream.range(from, n).parallel().forEach(c -> {
                if (c < end) {
                    q[c] = new double[m];
                    q[c][c] = 1;
                }
                for (int k = Math.min(end - 1, c); k >= from; k--) {
                    reflect(columns[k], k, factors[k], q[c]);
                }
            });
        }
        for (int c = 0; c < n; c++) {
            if (diagonal[c] < 0) {
                double[] column = q[c];
                for (int row = 0; row < m; row++) {
                    column[row] = -column[row];
                }
            }
            columns[c] = q[c];
        }
    }

    /** target = target - v (factor v target), over the elements from k on. */
    private static void reflect(double[] v, int k, double factor, double[] target) {
        double s = factor * dot(v, target, k);
        for (int row = k; row < v.length; row++) {
            target[row] = target[row] - s * v[row];
        }
    }

    /** The sum of a[row] * b[row] over row >= k: partial sum p takes the rows k + p, k + p + 8, ... */
    private static double dot(double[] a, double[] b, int k) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        int row = k;
        for (; row <= a.length - 8; row += 8) {
            s0 += a[row] * b[row];
            s1 += a[row + 1] * b[row + 1];
            s2 += a[row + 2] * b[row + 2];
            s3 += a[row + 3] * b[row + 3];
            s4 += a[row + 4] * b[row + 4];
            s5 += a[row + 5] * b[row + 5];
            s6 += a[row + 6] * b[row + 6];
            s7 += a[row + 7] * b[row + 7];
        }
        double sum = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
        for (; row < a.length; row++) {
            sum += a[row] * b[row];
        }
        return sum;
    }
}
