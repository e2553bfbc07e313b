package io.detinit.training.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MaskRuleTest {

    private static final Mask MASK = Mask.of(TensorShape.of(12, 784), k -> SplitMix64.bits(5, 0, k, 0, 0) % 3 == 0);

    /** A hook that does nothing: beside it the fill is put back after every update. */
    private static final class Bystander implements StepHook {}

    /** An optimizer with and without what moves a weight that has no gradient. */
    private record Case(OptimizerConfig optimizer, Fill fill) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Fill fill : List.of(Fill.ZERO, Fill.INIT)) {
            for (OptimizerKind kind : OptimizerKind.values()) {
                for (double decay : new double[] {0, 0.01}) {
                    cases.add(new Case(OptimizerConfig.of(kind).withWeightDecay(decay), fill));
                }
            }
            OptimizerConfig momentum = OptimizerConfig.of(OptimizerKind.SGD).withMomentum(0.9, false);
            cases.add(new Case(momentum, fill));
            cases.add(new Case(momentum.withMomentum(0.9, true).withWeightDecay(0.01), fill));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void prunedHoldsTheBitsOfItsFillAfterEveryStep(Case one) {
        MaskRule rule = new MaskRule(Map.of(RuleRuns.WEIGHT, MASK), one.fill());
        try (TrainingRun run = RuleRuns.begin(RuleRuns.config(one.optimizer()), rule)) {
            float[] initial = run.plan().init(RuleRuns.WEIGHT).toArray();
            requireFill(RuleRuns.value(run, RuleRuns.WEIGHT), initial, one.fill());
            for (int step = 0; step < 4; step++) {
                run.step();
                requireFill(RuleRuns.value(run, RuleRuns.WEIGHT), initial, one.fill());
            }
            float[] now = RuleRuns.value(run, RuleRuns.WEIGHT);
            int moved = 0;
            for (int k = 0; k < now.length; k++) {
                moved += MASK.keeps(k) && now[k] != initial[k] ? 1 : 0;
            }
            assertTrue(moved > 1000, moved + " of the kept weights moved");
        }
    }

    private static void requireFill(float[] now, float[] initial, Fill fill) {
        for (int k = 0; k < now.length; k++) {
            if (!MASK.keeps(k)) {
                float expected = fill == Fill.ZERO ? 0 : initial[k];
                assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(now[k]), "weight " + k);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keptWeightsAreTheSameHoweverTheMaskIsEnforced(Case one) {
        TrainConfig config = RuleRuns.config(one.optimizer());
        Map<String, Mask> masks = Map.of(RuleRuns.WEIGHT, MASK);
        Map<String, float[]> alone = RuleRuns.after(4, config, new MaskRule(masks, one.fill()));
        Map<String, float[]> beside = RuleRuns.after(4, config, new Bystander(), new MaskRule(masks, one.fill()));
        alone.forEach((name, values) -> assertArrayEquals(values, beside.get(name), name));
    }

    @Test
    void restoredMomentumOfPrunedWeightsDoesNotMoveThem() {
        TrainConfig config =
                RuleRuns.config(OptimizerConfig.of(OptimizerKind.SGD).withMomentum(0.9, false));
        try (TrainingRun free = RuleRuns.begin(config);
                TrainingRun masked = RuleRuns.begin(config, new MaskRule(Map.of(RuleRuns.WEIGHT, MASK), Fill.ZERO))) {
            free.step();
            masked.step();
            free.optimizer().state().forEach(masked.optimizer()::restore);
            masked.step();
            requireFill(RuleRuns.value(masked, RuleRuns.WEIGHT), new float[0], Fill.ZERO);
            masked.step();
            requireFill(RuleRuns.value(masked, RuleRuns.WEIGHT), new float[0], Fill.ZERO);
        }
    }

    @Test
    void sleepAndPullBesideMasksLeaveThePrunedWeightsAlone() {
        for (Fill fill : List.of(Fill.ZERO, Fill.INIT)) {
            MaskRule rule = new MaskRule(Map.of(RuleRuns.WEIGHT, MASK), fill);
            TrainConfig config =
                    RuleRuns.config(OptimizerConfig.of(OptimizerKind.ADAMW).withWeightDecay(0.1));
            try (TrainingRun run = RuleRuns.begin(config, new PullRule(0.5), new SleepRule(0.2), rule)) {
                float[] initial = run.plan().init(RuleRuns.WEIGHT).toArray();
                for (int step = 0; step < 3; step++) {
                    run.step();
                    requireFill(RuleRuns.value(run, RuleRuns.WEIGHT), initial, fill);
                }
            }
        }
    }

    @Test
    void masksComeAfterWhatChangesWeights() {
        TrainConfig config = RuleRuns.config(OptimizerKind.SGD);
        MaskRule rule = new MaskRule(Map.of(RuleRuns.WEIGHT, MASK), Fill.ZERO);
        for (StepHook late : List.of(new SleepRule(1), new PullRule(1))) {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> RuleRuns.begin(config, rule, late));
            assertTrue(String.valueOf(refused.getMessage()).contains("masks come after"), refused.getMessage());
        }
    }

    @Test
    void aMaskThatKeepsAllCostsNothingAndChangesNothing() {
        TrainConfig config = RuleRuns.config(OptimizerKind.SGD);
        Mask all = Mask.of(MASK.shape(), k -> true);
        Map<String, float[]> plain = RuleRuns.after(2, config);
        RuleRuns.after(2, config, new MaskRule(Map.of(RuleRuns.WEIGHT, all), Fill.ZERO))
                .forEach((name, values) -> assertArrayEquals(plain.get(name), values));
    }

    @Test
    void theRunCardTellsFillAndCounts() {
        MaskRule rule = new MaskRule(Map.of(RuleRuns.WEIGHT, MASK), Fill.INIT);
        Map<?, ?> masks = (Map<?, ?>) rule.describe().get("masks");
        assertEquals("init", masks.get("fill"));
        assertEquals(MASK.size() - MASK.kept(), masks.get("pruned"));
        assertEquals(MASK.size(), masks.get("of"));
        assertEquals(List.of(RuleRuns.WEIGHT), masks.get("parameters"));
        MaskRule other = new MaskRule(Map.of(RuleRuns.WEIGHT, MASK.not()), Fill.INIT);
        assertNotEquals(masks.get("sha256"), ((Map<?, ?>) other.describe().get("masks")).get("sha256"));
        assertFalse(rule.changesFirstWeights());
    }
}
