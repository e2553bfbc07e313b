package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Names of criteria, what they need, which thresholds they take, and what random draws. */
class CriterionTest {

    private static final Set<String> NAMES = Set.of(
            "movement",
            "magnitude",
            "large_init",
            "large_init_large_final",
            "small_init",
            "small_final",
            "small_init_small_final",
            "magnitude_increase",
            "random");

    @Test
    void namesAreThoseOfThePaper() {
        Set<String> ids = Arrays.stream(Criterion.values()).map(Criterion::id).collect(Collectors.toSet());
        assertEquals(2 * NAMES.size(), ids.size());
        for (String name : NAMES) {
            assertEquals(name, Criterion.parse(name).id());
            assertFalse(Criterion.parse(name).isSameSign());
            assertTrue(Criterion.parse(name + "_same_sign").isSameSign());
        }
        assertEquals(Criterion.MAGNITUDE, Criterion.parse("large_final"));
        assertEquals(Criterion.MAGNITUDE_SAME_SIGN, Criterion.parse("large_final_same_sign"));
        for (String wrong :
                new String[] {"", "luck", "large_final_", "large_finals", "movement_diff_sign", "MOVEMENT"}) {
            String message = assertThrows(IllegalArgumentException.class, () -> Criterion.parse(wrong))
                    .getMessage();
            assertTrue(message.contains("'" + wrong + "'") && message.contains("magnitude_increase"), message);
        }
    }

    @Test
    void initialValuesAreNeededWhereTheyAreLookedAt() {
        Set<String> without = Arrays.stream(Criterion.values())
                .filter(criterion -> !criterion.needsInit())
                .map(Criterion::id)
                .collect(Collectors.toSet());
        assertEquals(Set.of("magnitude", "small_final", "random"), without);
    }

    private static String refused(Criterion criterion, Selection.Target target) {
        return assertThrows(
                        IllegalArgumentException.class, () -> new Selection(criterion, target, Selection.Scope.GLOBAL))
                .getMessage();
    }

    @Test
    void thresholdsLieWhereScoresAre() {
        assertTrue(refused(Criterion.MOVEMENT, new Selection.ScoreAtMost(-1)).contains("never below 0"));
        assertTrue(refused(Criterion.RANDOM, new Selection.ScoreAtMost(-1)).contains("never below 0"));
        assertTrue(refused(Criterion.SMALL_FINAL, new Selection.AtMost(1)).contains("never above 0"));
        assertTrue(refused(Criterion.SMALL_INIT_SAME_SIGN, new Selection.ScoreAtMost(1))
                .contains("never above 0"));
        assertThrows(IllegalArgumentException.class, () -> new Selection.ScoreAtMost(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Selection.AtMost(Double.POSITIVE_INFINITY));
        for (double limit : new double[] {-1, 0, 1}) {
            Selection.Target target = new Selection.ScoreAtMost(limit);
            assertEquals(target, new Selection(Criterion.MAGNITUDE_INCREASE, target, Selection.Scope.LAYER).target());
        }
    }

    private static Map<String, Mask> random(long seed, Selection.Target target) throws IOException {
        RankedModel model = new RankedModel(DType.F32, TensorShape.of(300, 100), TensorShape.of(100, 100));
        Selection selection =
                new Selection(Criterion.RANDOM, target, Selection.Scope.GLOBAL, Candidates.MATRICES, seed);
        return model.select(selection, 2).masks();
    }

    private static long kept(Map<String, Mask> masks) {
        return masks.values().stream().mapToLong(Mask::kept).sum();
    }

    @Test
    void randomIsAFunctionOfItsSeed() throws IOException {
        Selection.Target half = new Selection.Sparsity(0.5);
        assertEquals(random(1, half), random(1, half));
        assertNotEquals(random(1, half), random(2, half));
        Mask first = random(1, half).values().iterator().next();
        Mask second = random(2, half).values().iterator().next();
        assertEquals(20000, kept(random(1, half)));
        assertEquals(7500, first.keptInBoth(second), 6 * Math.sqrt(30000 * 3 / 16.0), "independent halves: a quarter");
        // a threshold is a probability: 40000 draws, 6 standard deviations
        assertEquals(28000, kept(random(3, new Selection.AtMost(0.3))), 6 * Math.sqrt(40000 * 0.21));
    }

    @Test
    void randomDependsOnTheNameByItsFnvHash() {
        assertEquals(0xaf63dc4c8601ec8cL & Long.MAX_VALUE, RandomScores.hash("a"));
        assertEquals(0x85944171f73967e8L & Long.MAX_VALUE, RandomScores.hash("foobar"));
        assertEquals(0xcbf29ce484222325L & Long.MAX_VALUE, RandomScores.hash(""));
    }
}
