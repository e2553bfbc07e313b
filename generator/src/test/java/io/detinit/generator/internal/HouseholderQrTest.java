package io.detinit.generator.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HouseholderQrTest {

    private static double[][] random(int m, int n) {
        Random random = new Random(7);
        double[][] columns = new double[n][m];
        for (double[] column : columns) {
            for (int row = 0; row < m; row++) {
                column[row] = random.nextGaussian();
            }
        }
        return columns;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    /** Q'Q = I, and Q'A is upper triangular with a positive diagonal: that is what a QR factorisation is. */
    @ParameterizedTest
    @CsvSource({"1, 1", "5, 1", "8, 8", "9, 7", "40, 33", "70, 65", "100, 64", "200, 97"})
    void factors(int m, int n) {
        double[][] a = random(m, n);
        double[][] q = random(m, n);
        HouseholderQr.orthogonalize(q);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                assertEquals(i == j ? 1 : 0, dot(q[i], q[j]), 1e-13);
                double r = dot(q[i], a[j]);
                if (i == j) {
                    assertTrue(r > 0);
                } else if (i > j) {
                    assertEquals(0, r, 1e-12);
                }
            }
        }
    }

    @Test
    void aMatrixWithoutFullRankStillGivesAnOrthogonalOne() {
        double[][] zero = new double[3][5];
        HouseholderQr.orthogonalize(zero);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                assertEquals(i == j ? 1 : 0, dot(zero[i], zero[j]), 1e-15);
            }
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() throws Exception {
        double[][] expected = random(150, 130);
        HouseholderQr.orthogonalize(expected);
        for (int threads : new int[] {1, 2, 3, 7}) {
            double[][] q = random(150, 130);
            ForkJoinPool pool = new ForkJoinPool(threads);
            try {
                pool.submit(() -> HouseholderQr.orthogonalize(q)).get();
            } finally {
                pool.shutdown();
            }
            for (int c = 0; c < 130; c++) {
                assertArrayEquals(expected[c], q[c]);
            }
        }
    }

    /** The condition number of the float32 weights, from the extreme eigenvalues of W'W: they lie within a Gershgorin disc. */
    @ParameterizedTest
    @CsvSource({"128, 128", "200, 70", "70, 200", "1024, 1024"})
    void theConditionNumberIsOne(int rows, int cols) {
        TensorInit init = TensorInit.matrix(42, 0, rows, cols, Scheme.ORTHOGONAL);
        float[] weights = init.toArray();
        boolean wide = rows < cols;
        int n = Math.min(rows, cols);
        int m = Math.max(rows, cols);
        double scale = init.std() * Math.sqrt(m);
        double[][] vectors = new double[n][m];
        for (int c = 0; c < n; c++) {
            for (int r = 0; r < m; r++) {
                vectors[c][r] = (wide ? weights[c * cols + r] : weights[r * cols + c]) / scale;
            }
        }
        double largest = 0;
        double smallest = Double.MAX_VALUE;
        double radius = 0;
        for (int i = 0; i < n; i++) {
            double off = 0;
            for (int j = 0; j < n; j++) {
                if (i != j) {
                    off += Math.abs(dot(vectors[i], vectors[j]));
                }
            }
            double square = dot(vectors[i], vectors[i]);
            largest = Math.max(largest, square + off);
            smallest = Math.min(smallest, square - off);
            radius = Math.max(radius, off);
        }
        double condition = Math.sqrt(largest / smallest); // an upper bound
        assertTrue(condition < 1 + 1e-5, "condition number up to " + condition + ", radius " + radius);
    }
}
