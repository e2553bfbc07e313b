package io.detinit.training.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PullRuleTest {

    /** Takes gradient and weights before an update. */
    private static final class Look implements StepHook {
        private float[] gradient = new float[0];
        private float[] values = new float[0];
        private double rate;

        @Override
        public void beforeUpdate(Step step) {
            TrainedWeight weight = step.weights().get(0);
            assertEquals(RuleRuns.WEIGHT, weight.name());
            gradient = weight.gradient().toFloatArray();
            values = weight.values().toFloatArray();
            rate = step.rate();
        }
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void thePullIsAGradientTermAndDecoupledForAdamw(OptimizerKind kind) {
        double lambda = 0.3;
        Look before = new Look();
        Look after = new Look();
        try (TrainingRun run = RuleRuns.begin(RuleRuns.config(kind), before, new PullRule(lambda), after)) {
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            for (int step = 0; step < 3; step++) {
                run.step();
            }
            boolean decoupled = kind == OptimizerKind.ADAMW;
            float factor = (float) (decoupled ? before.rate * lambda : lambda);
            int changed = 0;
            for (int k = 0; k < w0.length; k++) {
                float pull = (before.values[k] - w0[k]) * factor;
                changed += pull != 0 ? 1 : 0;
                assertEquals(decoupled ? before.values[k] - pull : before.values[k], after.values[k]);
                assertEquals(decoupled ? before.gradient[k] : before.gradient[k] + pull, after.gradient[k]);
            }
            assertTrue(changed > 1000, changed + " pulled");
        }
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void pulledWeightsStayNearerToTheirInitialValuesAndBiasesAreFree(OptimizerKind kind) {
        Map<String, float[]> plain = RuleRuns.after(15, RuleRuns.config(kind));
        try (TrainingRun run = RuleRuns.begin(RuleRuns.config(kind), new PullRule(5))) {
            float[] w0 = run.plan().init(RuleRuns.WEIGHT).toArray();
            run.step();
            assertArrayEquals(
                    RuleRuns.after(1, RuleRuns.config(kind)).get("fc2.bias"), RuleRuns.value(run, "fc2.bias"));
            for (int step = 1; step < 15; step++) {
                run.step();
            }
            double far = distance(plain.getOrDefault(RuleRuns.WEIGHT, w0), w0);
            double near = distance(RuleRuns.value(run, RuleRuns.WEIGHT), w0);
            assertTrue(near < 0.99 * far && near > 0, near + " against " + far);
        }
    }

    private static double distance(float[] w, float[] w0) {
        double sum = 0;
        for (int k = 0; k < w.length; k++) {
            sum += ((double) w[k] - w0[k]) * ((double) w[k] - w0[k]);
        }
        return Math.sqrt(sum);
    }
}
