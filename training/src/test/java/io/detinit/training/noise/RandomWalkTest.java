package io.detinit.training.noise;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.optimizer.ParameterOptimizer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The predicted variance against the optimizers themselves, fed with white noise. */
class RandomWalkTest {

    /** Weights of a line: the relative error of a measured variance is sqrt(2 / 20000) = 1 %. */
    private static final int WEIGHTS = 20_000;

    private static final int STEPS = 120;

    static Stream<OptimizerConfig> optimizers() {
        OptimizerConfig sgd = OptimizerConfig.of(OptimizerKind.SGD);
        return Stream.of(
                sgd,
                sgd.withMomentum(0.9, false),
                sgd.withMomentum(0.9, true),
                sgd.withMomentum(0.9, false).withWeightDecay(0.01),
                sgd.withMomentum(0.5, true).withWeightDecay(0.02),
                OptimizerConfig.of(OptimizerKind.ADAM),
                OptimizerConfig.of(OptimizerKind.ADAMW).withWeightDecay(0.5));
    }

    /** The learning rate sinks, and so does the noise, to a fifth of where it began. */
    static double factor(int step) {
        return step <= STEPS / 2 ? 1 : 0.4;
    }

    static double std(int line, int step) {
        return (line == 0 ? 0.02 : 0.3) * Math.pow(5, -(double) step / STEPS);
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void theVarianceIsThatOfWeightsFedWithNoise(OptimizerConfig config) {
        Random random = new Random(20_240_607);
        RandomWalk walk = new RandomWalk(config, 3);
        float start = 0.5f;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            ParameterOptimizer optimizer = new ParameterOptimizer(config, manager);
            float[] begin = new float[2 * WEIGHTS + 1];
            java.util.Arrays.fill(begin, start);
            NDArray weights = manager.create(begin);
            float[] noise = new float[begin.length];
            for (int step = 1; step <= STEPS; step++) {
                for (int k = 0; k < 2 * WEIGHTS; k++) {
                    noise[k] = (float) (random.nextGaussian() * std(k / WEIGHTS, step));
                }
                try (NDArray gradient = manager.create(noise)) {
                    optimizer.update("w", weights, gradient, factor(step), step);
                }
                double first = std(0, step);
                double second = std(1, step);
                walk.step(config.learningRate() * factor(step), step, new double[] {first * first, second * second, 0});
            }
            float[] end = weights.toFloatArray();
            for (int line = 0; line < 2; line++) {
                double sum = 0;
                double squares = 0;
                for (int k = line * WEIGHTS; k < (line + 1) * WEIGHTS; k++) {
                    double delta = end[k] - walk.decay() * start;
                    sum += delta;
                    squares += delta * delta;
                }
                double measured = squares / WEIGHTS;
                // 5 standard errors; false-failure probability 6e-7 for each comparison
                assertEquals(1, measured / walk.variance(line), 0.05, config + ", line " + line);
                assertEquals(0, sum / WEIGHTS / Math.sqrt(measured / WEIGHTS), 5, config.toString());
            }
            // a weight without gradient follows decay alone, up to rounding in every step
            assertEquals(walk.decay() * start, end[2 * WEIGHTS], STEPS * Math.ulp(start), config.toString());
            assertEquals(0, walk.variance(2));
        }
    }
}
