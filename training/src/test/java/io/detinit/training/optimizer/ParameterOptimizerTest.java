package io.detinit.training.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every optimizer against its formulas in double precision. */
class ParameterOptimizerTest {

    private static final int SIZE = 64;
    private static final int STEPS = 30;

    /** One weight of an optimizer, as PyTorch's documentation writes it. */
    private static double[] reference(OptimizerConfig config, double w, double[] gradients, double[] factors) {
        double buffer = 0;
        double mean = 0;
        double variance = 0;
        double[] path = new double[gradients.length];
        for (int t = 1; t <= gradients.length; t++) {
            double rate = config.learningRate() * factors[t - 1];
            double g = gradients[t - 1];
            switch (config.kind()) {
                case SGD -> {
                    g += config.weightDecay() * w;
                    buffer = config.momentum() * buffer + g;
                    w -= rate * (config.nesterov() ? g + config.momentum() * buffer : buffer);
                }
                case ADAM, ADAMW -> {
                    if (config.kind() == OptimizerKind.ADAMW) {
                        w -= rate * config.weightDecay() * w;
                    } else {
                        g += config.weightDecay() * w;
                    }
                    mean = config.beta1() * mean + (1 - config.beta1()) * g;
                    variance = config.beta2() * variance + (1 - config.beta2()) * g * g;
                    double m = mean / (1 - Math.pow(config.beta1(), t));
                    double v = variance / (1 - Math.pow(config.beta2(), t));
                    w -= rate * m / (Math.sqrt(v) + config.epsilon());
                }
            }
            path[t - 1] = w;
        }
        return path;
    }

    private static List<OptimizerConfig> configs() {
        List<OptimizerConfig> configs = new ArrayList<>();
        for (double decay : new double[] {0, 0.01}) {
            OptimizerConfig sgd = OptimizerConfig.of(OptimizerKind.SGD).withWeightDecay(decay);
            configs.add(sgd);
            configs.add(sgd.withMomentum(0.9, false));
            configs.add(sgd.withMomentum(0.9, true));
            configs.add(OptimizerConfig.of(OptimizerKind.ADAM).withWeightDecay(decay));
            configs.add(OptimizerConfig.of(OptimizerKind.ADAMW).withWeightDecay(decay));
            // an epsilon that matters: where it stands decides
            configs.add(new OptimizerConfig(OptimizerKind.ADAM, 0.01, 0, false, decay, 0.8, 0.99, 0.1));
        }
        return configs;
    }

    @Test
    void everyStepFollowsTheFormulas() {
        Random random = new Random(3);
        LearningRateSchedule schedule = new LearningRateSchedule(LearningRateSchedule.Course.COSINE, 5, 1, 1);
        double[] factors = new double[STEPS];
        for (int t = 1; t <= STEPS; t++) {
            factors[t - 1] = schedule.factorOf(t, 10, STEPS);
        }
        for (OptimizerConfig config : configs()) {
            float[] initial = new float[SIZE];
            float[][] gradients = new float[STEPS][SIZE];
            for (int k = 0; k < SIZE; k++) {
                initial[k] = (float) random.nextGaussian();
                for (int t = 0; t < STEPS; t++) {
                    gradients[t][k] = (float) random.nextGaussian();
                }
            }
            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                ParameterOptimizer optimizer = new ParameterOptimizer(config, manager);
                NDArray weight = manager.create(initial);
                for (int t = 1; t <= STEPS; t++) {
                    try (NDArray gradient = manager.create(gradients[t - 1])) {
                        optimizer.update("w", weight, gradient, factors[t - 1], t);
                    }
                }
                float[] expected = new float[SIZE];
                for (int k = 0; k < SIZE; k++) {
                    double[] column = new double[STEPS];
                    for (int t = 0; t < STEPS; t++) {
                        column[t] = gradients[t][k];
                    }
                    expected[k] = (float) reference(config, initial[k], column, factors)[STEPS - 1];
                }
                assertArrayEquals(expected, weight.toFloatArray(), 3e-6f, config.toString());
                int arrays = config.kind() != OptimizerKind.SGD ? 2 : config.momentum() != 0 ? 1 : 0;
                assertEquals(arrays, optimizer.state().size(), config.toString());
                assertEquals(arrays + 1, manager.getManagedArrays().size(), "arrays left by " + config);
            }
        }
    }

    @Test
    void schedulesHaveTheirKnownValues() {
        LearningRateSchedule step = LearningRateSchedule.parse("step:2:0.1", 0);
        assertEquals(1, step.factorOf(20, 10, 100), 0, "the last step of the second epoch");
        assertEquals(0.1, step.factorOf(21, 10, 100), 1e-15);
        assertEquals(1e-4, step.factorOf(100, 10, 100), 1e-18);
        LearningRateSchedule cosine = LearningRateSchedule.parse("cosine", 0);
        assertEquals(1, cosine.factorOf(1, 10, 100), 0);
        assertEquals(0.5, cosine.factorOf(51, 10, 100), 1e-15);
        assertTrue(cosine.factorOf(100, 10, 100) > 0 && cosine.factorOf(100, 10, 100) < 3e-4);
        LearningRateSchedule warm = LearningRateSchedule.parse("constant", 4);
        assertArrayEquals(new double[] {0.25, 0.5, 0.75, 1, 1}, new double[] {
            warm.factorOf(1, 10, 100),
            warm.factorOf(2, 10, 100),
            warm.factorOf(3, 10, 100),
            warm.factorOf(4, 10, 100),
            warm.factorOf(5, 10, 100)
        });
        assertEquals(1, LearningRateSchedule.parse("cosine", 4).factorOf(5, 10, 100), 0);
        for (String text : List.of("constant", "cosine", "step:3:0.5")) {
            assertEquals(text, LearningRateSchedule.parse(text, 0).id());
        }
        for (String wrong : List.of("", "linear", "step", "step:0:0.1", "step:1:0", "step:1:2", "step:a:0.1")) {
            assertThrows(IllegalArgumentException.class, () -> LearningRateSchedule.parse(wrong, 0), wrong);
        }
        assertThrows(IllegalArgumentException.class, () -> LearningRateSchedule.parse("constant", -1));
    }
}
