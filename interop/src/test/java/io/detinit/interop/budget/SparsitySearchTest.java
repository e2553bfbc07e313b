package io.detinit.interop.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bisection over curves that are known. */
class SparsitySearchTest {

    /** The first round(sparsity * weights) weights are pruned. */
    private static MaskSource source(long weights) {
        return sparsity -> {
            long pruned = Math.round(sparsity * weights);
            return Map.of("w", Mask.of(TensorShape.of(1, weights), element -> element >= pruned));
        };
    }

    private static SearchResult search(
            double maxDrop, int resolution, long weights, LongToDoubleFunction accuracyOfPruned) throws IOException {
        List<SearchPoint> told = new ArrayList<>();
        SearchResult result = new SparsitySearch(maxDrop, resolution)
                .search(
                        source(weights),
                        masks -> accuracyOfPruned.applyAsDouble(
                                masks.isEmpty() ? 0 : weights - masks.get("w").kept()),
                        told::add);
        assertEquals(told, result.searched());
        return result;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,0", "77,0", "77,1", "77,40", "77,76", "77,77", "4096,4095", "4096,1234"})
    void aFallingCurveGivesTheVeryWeight(long weights, long most) throws IOException {
        SearchResult result = search(0.01, 4096, weights, pruned -> pruned <= most ? 0.9 : 0.85);
        assertEquals(0.9, result.before());
        if (most == 0) {
            assertTrue(result.found().isEmpty());
            SearchPoint smallest = result.searched().get(result.searched().size() - 1);
            assertEquals(1.0 / weights, smallest.sparsity(), "the smallest step was tried");
        } else {
            SearchResult.Found found = result.found().orElseThrow();
            assertEquals((double) most / weights, found.point().sparsity());
            assertEquals(weights - most, found.masks().get("w").kept());
            assertEquals(0.9, found.point().accuracy());
        }
        assertTrue(result.searched().size() <= 1 + Math.ceil(Math.log(weights) / Math.log(2)));
    }

    @Test
    void manyWeightsGiveTheStepBelow() throws IOException {
        long weights = 100_000;
        SearchResult result = search(0.005, SparsitySearch.RESOLUTION, weights, pruned -> 0.97 - 1e-7 * pruned);
        SearchPoint point = result.found().orElseThrow().point();
        // 0.005 / 1e-7 = 50,000 weights, the step of exactly half
        assertEquals(0.5, point.requested());
        assertEquals(0.5, point.sparsity());
        assertEquals(0.005, point.loss(), 1e-12);
        assertTrue(result.searched().size() <= 13, result.searched().size() + " were scored");
        SearchPoint coarse = search(0.005, 10, weights, pruned -> 0.97 - 1.01e-7 * pruned)
                .found()
                .orElseThrow()
                .point();
        assertEquals(0.4, coarse.sparsity());
    }

    /** Whatever the curve: the answer was scored and is within the budget, and the step above was scored and is not. */
    @Test
    void aCurveThatRisesAndFallsGivesAnEdge() throws IOException {
        Random random = new Random(20261);
        int found = 0;
        for (int round = 0; round < 200; round++) {
            int weights = 1 + random.nextInt(300);
            double[] accuracy = random.doubles(weights + 1, 0.5, 1).toArray();
            double maxDrop = random.nextDouble() * 0.3;
            SearchResult result = search(maxDrop, 4096, weights, pruned -> accuracy[(int) pruned]);
            long best = result.found()
                    .map(one -> Math.round(one.point().sparsity() * weights))
                    .orElse(0L);
            if (best > 0) {
                found++;
                assertTrue(accuracy[0] - accuracy[(int) best] <= maxDrop);
            }
            if (best < weights) {
                assertTrue(accuracy[0] - accuracy[(int) best + 1] > maxDrop);
                assertTrue(result.searched().stream()
                        .anyMatch(point -> Math.round(point.sparsity() * weights) == best + 1 && !point.within()));
            }
        }
        assertTrue(found > 20 && found < 200, found + " of 200 curves allow something");
    }

    /** 0.9723 - 0.9713 is more than 0.001 in binary fractions. */
    @Test
    void theBudgetItselfIsWithinTheBudget() throws IOException {
        assertTrue(0.9723 - 0.9713 > 0.001);
        SearchResult result = search(0.001, 4096, 10, pruned -> pruned == 0 ? 0.9723 : 0.9713);
        assertEquals(1, result.found().orElseThrow().point().sparsity());
        assertEquals(1, result.searched().size());
        assertTrue(new SparsitySearch(0.001).allows(0.9723, 0.9713));
        assertTrue(!new SparsitySearch(0.001).allows(0.9723, 0.9712));
        assertTrue(new SparsitySearch(0).allows(0.5, 0.6), "a gain is no loss");
    }

    /** Layers that round by themselves may prune nothing at the smallest steps. */
    @Test
    void nothingPrunedIsNothingFound() throws IOException {
        MaskSource coarse =
                sparsity -> Map.of("w", Mask.of(TensorShape.of(1, 100), element -> element >= 50 || sparsity < 0.5));
        SearchResult result = new SparsitySearch(0, 100)
                .search(coarse, masks -> masks.isEmpty() || masks.get("w").kept() == 100 ? 1 : 0.5, point -> {});
        assertTrue(result.found().isEmpty());
        assertTrue(result.searched().get(result.searched().size() - 2).within());
    }

    @Test
    void wrongBudgetsAreNamed() {
        for (double wrong : new double[] {-0.001, 1.001, Double.NaN, 5}) {
            String message = assertThrows(IllegalArgumentException.class, () -> new SparsitySearch(wrong))
                    .getMessage();
            assertTrue(message.contains("max-drop " + wrong) && message.contains("0.1 percentage points"), message);
        }
        assertThrows(IllegalArgumentException.class, () -> new SparsitySearch(0.1, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> new SparsitySearch(0.1).search(sparsity -> Map.of(), masks -> 1, point -> {}));
    }
}
