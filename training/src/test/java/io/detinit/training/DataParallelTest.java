package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The arithmetic of several devices, with copies of the model that all lie on the CPU: the same code that GPUs run, without their
 * transfers.
 */
class DataParallelTest {

    /** Gradients and weights of every step. */
    private static final class GradientLog implements StepHook {
        private final List<Map<String, float[]>> gradients = new ArrayList<>();

        @Override
        public void beforeUpdate(Step step) {
            Map<String, float[]> all = new LinkedHashMap<>();
            step.weights().forEach(w -> all.put(w.name(), w.gradient().toFloatArray()));
            gradients.add(all);
        }
    }

    private static void assertClose(float[] expected, float[] actual, String what) {
        double scale = 0;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        assertArrayEquals(expected, actual, (float) (1e-5 * scale + 1e-8), what);
    }

    /** 90 samples in batches of 16: the last has 10, which 3 and 16 parts divide unevenly or leave parts without any. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 16})
    void theSumOfThePartsIsTheGradientOfTheWholeBatch(int parts) {
        Samples train = SmallTraining.samples(SmallTraining.SAMPLES, 1);
        TrainConfig config =
                SmallTraining.SGD.config(2).labelSmoothing(0.1).clipNorm(0.3).build();
        GradientLog one = new GradientLog();
        GradientLog many = new GradientLog();
        try (TrainingRun single = SmallTraining.SGD.run(config, train, List.of(one), 1);
                TrainingRun divided = SmallTraining.SGD.run(config, train, List.of(many), parts)) {
            while (!single.isDone()) {
                single.step();
                divided.step();
                assertEquals(single.trainLoss(), divided.trainLoss(), 1e-6);
            }
            assertTrue(divided.isDone());
            single.parameters()
                    .forEach((name, parameter) -> assertClose(
                            parameter.getArray().toFloatArray(),
                            divided.parameters().get(name).getArray().toFloatArray(),
                            name));
        }
        for (int step = 0; step < one.gradients.size(); step++) {
            for (String name : one.gradients.get(step).keySet()) {
                assertClose(
                        one.gradients.get(step).get(name),
                        many.gradients.get(step).get(name),
                        name + " in step " + (step + 1));
            }
        }
    }

    /** If the copies were not brought up to date, their gradients would be those of the initial weights. */
    @Test
    void theCopiesFollowTheFirstDevice() {
        Samples train = SmallTraining.samples(SmallTraining.SAMPLES, 1);
        TrainConfig config = SmallTraining.MOMENTUM.config(3).build();
        try (TrainingRun run = SmallTraining.MOMENTUM.run(config, train, List.of(), 2)) {
            Map<String, List<Integer>> initial = SmallTraining.bits(run.parameters());
            while (!run.isDone()) {
                run.step();
                run.copies()
                        .forEach(copy -> run.parameters()
                                .forEach((name, parameter) -> assertEquals(
                                        SmallTraining.bits(parameter.getArray()),
                                        SmallTraining.bits(copy.get(name)),
                                        name)));
            }
            assertEquals(1, run.copies().size());
            Map<String, NDArray> last = run.copies().get(0);
            initial.forEach((name, bits) -> assertNotEquals(bits, SmallTraining.bits(last.get(name)), name));
        }
    }
}
