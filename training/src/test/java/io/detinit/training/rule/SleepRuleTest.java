package io.detinit.training.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.detinit.interop.mask.NameFilter;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SleepRuleTest {

    /** Takes the gradient before an update and the weights after it, as the hooks before it left them. */
    private static final class Look implements StepHook {
        private float[] gradient = new float[0];
        private float[] values = new float[0];
        private double rate;

        @Override
        public void beforeUpdate(Step step) {
            gradient = weight(step).gradient().toFloatArray();
            rate = step.rate();
        }

        @Override
        public void afterUpdate(Step step) {
            values = weight(step).values().toFloatArray();
        }

        private static TrainedWeight weight(Step step) {
            return step.weights().stream()
                    .filter(one -> one.name().equals(RuleRuns.WEIGHT))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void everyStepIsSoftThresholdingTowardsTheInitialBitsByTheStepsRate(OptimizerKind kind) {
        double lambda = kind == OptimizerKind.SGD ? 2e-3 : 0.5;
        Look look = new Look();
        TrainConfig config = RuleRuns.config(kind).toBuilder()
                .schedule(LearningRateSchedule.parse("cosine", 0))
                .build();
        try (TrainingRun run = RuleRuns.begin(config, look, new SleepRule(lambda))) {
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            double firstRate = 0;
            int back = 0;
            int away = 0;
            for (int step = 0; step < 5; step++) {
                run.step();
                float[] now = RuleRuns.value(run, RuleRuns.WEIGHT);
                float reach = (float) (look.rate * lambda);
                for (int k = 0; k < now.length; k++) {
                    float w = look.values[k];
                    double d = (double) w - w0[k];
                    if (Math.abs(d) <= reach) {
                        assertEquals(Float.floatToRawIntBits(w0[k]), Float.floatToRawIntBits(now[k]), "weight " + k);
                        back += w == w0[k] ? 0 : 1;
                    } else {
                        double expected = w0[k] + Math.signum(d) * (Math.abs(d) - reach);
                        double rounding = Math.ulp(Math.max(Math.abs(w), Math.abs(now[k]))) / 2;
                        assertEquals(expected, now[k], rounding, "weight " + k);
                        away++;
                    }
                }
                firstRate = step == 0 ? look.rate : firstRate;
            }
            assertTrue(back > 100 && away > 100, back + " back, " + away + " away");
            assertTrue(look.rate < firstRate, "the schedule changed the rate, " + firstRate + " to " + look.rate);
        }
    }

    @Test
    void withSgdAWeightStaysWhereItsGradientIsAtMostLambda() {
        double lambda = 1e-3;
        Look look = new Look();
        try (TrainingRun run = RuleRuns.begin(RuleRuns.config(OptimizerKind.SGD), look, new SleepRule(lambda))) {
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            run.step();
            float[] now = RuleRuns.value(run, RuleRuns.WEIGHT);
            int asleep = 0;
            for (int k = 0; k < now.length; k++) {
                double size = Math.abs(look.gradient[k]);
                if (size < 0.99 * lambda) {
                    assertEquals(w0[k], now[k], "gradient " + size);
                    asleep += size > 0 ? 1 : 0;
                } else if (size > 1.01 * lambda) {
                    assertTrue(now[k] != w0[k], "gradient " + size);
                }
            }
            assertTrue(asleep > 500, asleep + " with a gradient stayed");
        }
    }

    @Test
    void moreSleepLeavesMoreWeightsUnmoved() {
        TrainConfig config = RuleRuns.config(OptimizerKind.SGD);
        int before = -1;
        for (double lambda : new double[] {0, 1e-3, 1e-2}) {
            try (TrainingRun run = RuleRuns.begin(config, new SleepRule(lambda))) {
                for (int k = 0; k < 20; k++) {
                    run.step();
                }
                int asleep = RuleRuns.sameBits(
                        run.plan().init(RuleRuns.WEIGHT).toArray(), RuleRuns.value(run, RuleRuns.WEIGHT));
                assertTrue(asleep > before + 200, lambda + ": " + asleep + " after " + before);
                before = asleep;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void aPenaltyOfZeroChangesNoBit(OptimizerKind kind) {
        Map<String, float[]> plain = RuleRuns.after(3, RuleRuns.config(kind));
        RuleRuns.after(3, RuleRuns.config(kind), new PullRule(0), new SleepRule(0))
                .forEach((name, values) -> assertArrayEquals(plain.get(name), values, name));
    }

    @Test
    void biasesSleepOnlyWhereTheyAreAskedFor() {
        TrainConfig config = RuleRuns.config(OptimizerKind.SGD);
        float[] zeros = new float[12];
        Map<String, float[]> usual = RuleRuns.after(3, config, new SleepRule(100));
        assertTrue(RuleRuns.sameBits(zeros, usual.getOrDefault("fc1.bias", zeros)) < 12);
        SleepRule some = new SleepRule(100, new NameFilter(List.of("fc1.*"), List.of("*.weight")));
        try (TrainingRun run = RuleRuns.begin(config, some)) {
            run.step();
            assertArrayEquals(zeros, RuleRuns.value(run, "fc1.bias"));
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            assertTrue(RuleRuns.sameBits(w0, RuleRuns.value(run, RuleRuns.WEIGHT)) < w0.length);
        }
        for (NameFilter filter :
                List.of(new NameFilter(List.of("conv*"), List.of()), new NameFilter(List.of(), List.of("*")))) {
            assertThrows(IllegalArgumentException.class, () -> RuleRuns.begin(config, new SleepRule(1, filter)));
        }
        assertThrows(IllegalArgumentException.class, () -> new SleepRule(-1));
        assertThrows(IllegalArgumentException.class, () -> new SleepRule(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new PullRule(Double.POSITIVE_INFINITY));
    }

    @Test
    void aWeightThatIsPutBackKeepsItsMomentum() {
        TrainConfig config =
                RuleRuns.config(OptimizerConfig.of(OptimizerKind.SGD).withMomentum(0.9, false));
        try (TrainingRun run = RuleRuns.begin(config, new SleepRule(5e-3))) {
            run.step();
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            float[] now = RuleRuns.value(run, RuleRuns.WEIGHT);
            NDArray state = run.optimizer().state().get("momentum." + RuleRuns.WEIGHT);
            assertNotNull(state);
            float[] buffer = state.toFloatArray();
            int kept = 0;
            for (int k = 0; k < now.length; k++) {
                kept += now[k] == w0[k] && buffer[k] != 0 ? 1 : 0;
            }
            assertTrue(kept > 1000, kept + " buffers of weights at w0");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1023, 1024, 1025, 5000})
    void bothWaysOfShrinkingGiveTheSameBits(int size) {
        Random random = new Random(size);
        float[] w = new float[size];
        float[] w0 = new float[size];
        for (int k = 0; k < size; k++) {
            w0[k] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(8) - 6));
            w[k] = k % 5 == 0 ? w0[k] : w0[k] + (float) (random.nextGaussian() * 1e-3);
        }
        try (NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch")) {
            NDArray start = manager.create(w0);
            NDArray one = manager.create(w);
            NDArray other = manager.create(w);
            new Shrinkage().inMemory(one, start, 7e-4f);
            Shrinkage.byEngine(other, start, 7e-4f);
            assertEquals(size, RuleRuns.sameBits(one.toFloatArray(), other.toFloatArray()));
            for (int k = 0; k < size; k++) {
                if (Math.abs((double) w[k] - w0[k]) <= 7e-4f) {
                    assertEquals(w0[k], one.getFloat(k));
                }
            }
        }
    }
}
