package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Kullback-Leibler divergences by hand. */
class DivergenceTest {

    private static final float LN3 = (float) Math.log(3);

    /** P = (3/4, 1/4), Q = (1/2, 1/2): 3/4 ln(3/2) + 1/4 ln(1/2). */
    private static final double EXPECTED = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);

    private static double mean(float[] a, float[] b, int samples) {
        return Verifier.meanDivergence(a, b, samples);
    }

    @Test
    void logitsAndProbabilitiesGiveTheSame() {
        float[] logits = {LN3 + 5, 5};
        float[] probabilities = {0.75f, 0.25f};
        float[] even = {7, 7};
        float[] half = {0.5f, 0.5f};
        for (float[] a : List.of(logits, probabilities)) {
            for (float[] b : List.of(even, half)) {
                assertEquals(EXPECTED, mean(a, b, 1), 1e-7);
            }
            assertEquals(0, mean(a, a, 1));
        }
        assertEquals(Math.log(2) - 0.5 * Math.log(3), mean(even, logits, 1), 1e-6);
    }

    @Test
    void itIsTheMeanOverRows() {
        assertEquals(EXPECTED / 2, mean(new float[] {LN3, 0, 1, 1}, new float[] {0, 0, 4, 4}, 2), 1e-7);
        // the first row alone looks like a distribution: all rows decide
        assertEquals(0, mean(new float[] {0.75f, 0.25f, 9, 9}, new float[] {1.75f, 1.25f, 9, 9}, 2), 1e-15);
    }

    @Test
    void zerosAndNans() {
        assertEquals(Math.log(2), mean(new float[] {1, 0}, new float[] {0.5f, 0.5f}, 1), 1e-15);
        assertEquals(
                -Math.log(2) - 0.5 * Math.log(Float.MIN_VALUE),
                mean(new float[] {0.5f, 0.5f}, new float[] {1, 0}, 1),
                1e-12);
        float none = Float.NEGATIVE_INFINITY;
        assertEquals(0, mean(new float[] {none, 3}, new float[] {none, 8}, 1));
        assertEquals(Double.POSITIVE_INFINITY, mean(new float[] {2, 3}, new float[] {none, 8}, 1));
        assertTrue(Double.isNaN(mean(new float[] {Float.NaN, 3}, new float[] {1, 8}, 1)));
        assertTrue(Double.isNaN(mean(new float[] {1}, new float[] {1}, 1)), "one class");
        assertThrows(IllegalArgumentException.class, () -> mean(new float[] {1, 2}, new float[] {1}, 1));
        assertThrows(IllegalArgumentException.class, () -> mean(new float[] {1, 2, 3}, new float[] {1, 2, 3}, 2));
        assertThrows(IllegalArgumentException.class, () -> mean(new float[0], new float[0], 0));
    }

    @Test
    void differencesByHand() {
        OutputSums sums = new OutputSums();
        sums.add(new double[] {1, 4, -8}, new double[] {1.5, 3, -8}, 3);
        sums.add(new double[] {1, 2, 3}, new double[] {1, 5, 3}, 3);
        OutputComparison found = sums.result(2, 0.5);
        assertEquals(3, found.maxAbsDifference());
        assertEquals(4.5 / 6, found.meanAbsDifference());
        assertEquals(8, found.scale());
        assertEquals(0.375, found.maxRelativeDifference());
        assertEquals(3, found.outputsPerSample());
        assertEquals(2, found.rows());
        assertEquals(0.5, found.agreement());
        assertTrue(found.within());
        sums.add(new double[] {Double.NaN, 1, 2}, new double[] {Double.NaN, 1, 2}, 3);
        assertEquals(3, sums.result(3, 0).maxAbsDifference(), "two NaNs are the same");
        sums.add(new double[] {Double.NaN, 1, 2}, new double[] {0, 1, 2}, 3);
        assertEquals(Double.POSITIVE_INFINITY, sums.result(4, 0).maxAbsDifference());
        assertEquals(Double.POSITIVE_INFINITY, sums.result(4, 0).meanAbsDifference());
    }

    @Test
    void rowsOfClassesFollowTheShape() {
        assertEquals(10, classes(1, 10));
        assertEquals(10, classes(10));
        assertEquals(10, classes(4, 10));
        assertEquals(50, classes(1, 7, 50));
        assertEquals(10, classes(2, 10, 1, 1));
        assertEquals(10, classes(2, 10, 1));
        assertEquals(0, classes(1, 3, 8, 8));
        assertEquals(0, classes(4, 1));
        assertEquals(0, classes());
        assertEquals(0, classes(0, 10));
    }

    private static int classes(long... shape) {
        List<Long> axes = java.util.Arrays.stream(shape).boxed().toList();
        long elements = axes.stream().reduce(1L, (a, b) -> a * b);
        return new OutputValues("y", "FLOAT", axes, new double[(int) elements], new long[0], true).classes();
    }
}
