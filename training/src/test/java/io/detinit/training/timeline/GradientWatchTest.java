package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.detinit.interop.audit.Threshold;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingListener;
import io.detinit.training.TrainingLoop;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GradientWatchTest {

    private static List<Long> due(long interval, long steps) {
        GradientWatch watch = new GradientWatch(interval);
        return LongStream.rangeClosed(1, steps).filter(watch::isDue).boxed().toList();
    }

    @Test
    void eightStepsOfAnIntervalAreSampledTheLastAmongThem() {
        assertEquals(List.of(2L, 4L, 6L, 8L, 10L, 12L, 14L, 16L, 18L), due(16, 18));
        assertEquals(List.of(3L, 5L, 8L, 10L, 13L, 15L, 18L, 20L), due(20, 22));
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), due(3, 6));
        assertEquals(8, due(469, 469).size());
        assertTrue(due(469, 469).contains(469L));
        assertThrows(IllegalArgumentException.class, () -> new GradientWatch(0));
    }

    /** Norms in double precision from the arrays of every step. */
    private static final class Recomputed implements StepHook {
        private final Map<String, List<Double>> gradients = new HashMap<>();
        private final Map<String, List<Double>> ratios = new HashMap<>();
        private final Map<String, float[]> before = new HashMap<>();

        private static double norm(double[] values) {
            double sum = 0;
            for (double value : values) {
                sum += value * value;
            }
            return Math.sqrt(sum);
        }

        private static double[] wide(float[] values) {
            double[] wide = new double[values.length];
            for (int k = 0; k < wide.length; k++) {
                wide[k] = values[k];
            }
            return wide;
        }

        @Override
        public void beforeUpdate(Step step) {
            for (TrainedWeight weight : step.weights()) {
                before.put(weight.name(), weight.values().toFloatArray());
                gradients
                        .computeIfAbsent(weight.name(), name -> new ArrayList<>())
                        .add(norm(wide(weight.gradient().toFloatArray())));
            }
        }

        @Override
        public void afterUpdate(Step step) {
            for (TrainedWeight weight : step.weights()) {
                double[] old = wide(before.get(weight.name()));
                double[] change = wide(weight.values().toFloatArray());
                for (int k = 0; k < change.length; k++) {
                    change[k] -= old[k];
                }
                ratios.computeIfAbsent(weight.name(), name -> new ArrayList<>()).add(norm(change) / norm(old));
            }
        }
    }

    private static Samples samples(int count) {
        Random random = new Random(4);
        float[] features = new float[count * 12];
        int[] labels = new int[count];
        for (int k = 0; k < features.length; k++) {
            features[k] = random.nextFloat();
        }
        for (int k = 0; k < count; k++) {
            labels[k] = features[12 * k] > features[12 * k + 1] ? 1 : 0;
        }
        return new Samples(features, labels, 3);
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void theFiguresAreThoseOfAPlainRecomputation(OptimizerKind kind) {
        TrainConfig config = TrainConfig.builder(ModelSpec.parse("mlp:12-9-3"), 3)
                .epochs(2)
                .batch(10)
                .optimizer(kind)
                .clipNorm(0.3)
                .device(DeviceChoice.CPU)
                .build();
        Recomputed plain = new Recomputed();
        Samples samples = samples(195);
        try (TrainedModel trained = TrainingLoop.trainAudited(
                config,
                samples,
                samples,
                List.of(plain),
                TrainingListener.NONE,
                AuditSchedule.epochs(1, Threshold.DEFAULT),
                TimelineSink.NONE)) {
            Timeline timeline = trained.timeline().orElseThrow();
            assertEquals(List.of(), timeline.points().get(0).activity().gradients());
            GradientWatch watch = new GradientWatch(20);
            for (int epoch = 1; epoch <= 2; epoch++) {
                Activity activity = timeline.points().get(epoch).activity();
                assertEquals(4, activity.gradients().size());
                List<Integer> sampled = new ArrayList<>();
                for (int step = 20 * epoch - 19; step <= 20 * epoch; step++) {
                    if (watch.isDue(step)) {
                        sampled.add(step - 1);
                    }
                }
                double squares = 0;
                for (TensorGradient gradient : activity.gradients()) {
                    List<Double> norms = plain.gradients.get(gradient.tensor());
                    List<Double> ratios = plain.ratios.get(gradient.tensor());
                    assertEquals(8, gradient.steps());
                    assertEquals(0, gradient.notFinite());
                    close(norms.get(20 * epoch - 1), gradient.norm());
                    close(mean(norms, sampled), gradient.meanNorm());
                    close(ratios.get(20 * epoch - 1), gradient.updateRatio());
                    close(mean(ratios, sampled), gradient.meanUpdateRatio());
                    squares += Math.pow(gradient.norm().orElseThrow(), 2);
                }
                close(Math.sqrt(squares), activity.total().orElseThrow().norm());
                assertTrue(Math.sqrt(squares) <= 0.3 * (1 + 1e-5), "after clipping");
            }
        }
    }

    private static double mean(List<Double> all, List<Integer> sampled) {
        return sampled.stream().mapToDouble(all::get).average().orElseThrow();
    }

    private static void close(double expected, OptionalDouble actual) {
        assertEquals(expected, actual.orElseThrow(), 2e-5 * expected);
    }

    private static Activity one(float[] weights, float[] gradient, float[] after) {
        try (NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch")) {
            NDArray values = manager.create(weights);
            List<GradientWatch.Weight> step =
                    List.of(new GradientWatch.Weight("w", values, manager.create(gradient, new Shape(1, 2))));
            GradientWatch watch = new GradientWatch(1);
            watch.before(step, manager);
            values.set(after);
            watch.after(step, manager);
            Activity found = watch.take(true);
            assertEquals(Activity.NONE, watch.take(true), "an interval begins anew");
            return found;
        }
    }

    @Test
    void norms() {
        TensorGradient plain = one(new float[] {0, 3, 4}, new float[] {6, 8}, new float[] {0, 3, 5})
                .gradients()
                .get(0);
        assertEquals(OptionalDouble.of(10), plain.norm());
        assertEquals(OptionalDouble.of(5), plain.weightNorm());
        assertEquals(0.2, plain.updateRatio().orElseThrow(), 1e-7);
        // squares below and above the range of single precision
        TensorGradient small = one(new float[] {1, 1}, new float[] {3e-25f, 4e-25f}, new float[] {1, 1})
                .gradients()
                .get(0);
        assertEquals(5e-25, small.norm().orElseThrow(), 1e-31);
        assertEquals(OptionalDouble.of(0), small.updateRatio());
        TensorGradient large = one(new float[] {1, 1}, new float[] {3e25f, 4e25f}, new float[] {1, 1})
                .gradients()
                .get(0);
        assertEquals(5e25, large.norm().orElseThrow(), 1e19);
        assertEquals(0, large.notFinite());
    }

    @Test
    void whatIsNotFiniteIsCountedAndWhatHasNoNormIsLeftOut() {
        for (float wild : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            Activity found = one(new float[] {0, 0}, new float[] {1, wild}, new float[] {1, 1});
            TensorGradient gradient = found.gradients().get(0);
            assertEquals(1, gradient.notFinite());
            assertFalse(gradient.norm().isPresent() || gradient.meanNorm().isPresent());
            assertFalse(gradient.updateRatio().isPresent(), "the weights were 0");
            assertEquals(1, found.total().orElseThrow().notFinite());
        }
    }

    @Test
    void anUpdateNeedsItsBeginning() {
        try (NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch")) {
            NDArray values = manager.create(new float[2]);
            List<GradientWatch.Weight> step = List.of(new GradientWatch.Weight("w", values, values));
            assertThrows(IllegalStateException.class, () -> new GradientWatch(4).after(step, manager));
        }
    }
}
