package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is held out, and when training stops because of it. */
class EarlyStoppingTest {

    private static final int EPOCHS = 40;

    /** The weights after every epoch. */
    private static final class Weights implements StepHook {
        private final List<Map<String, List<Integer>>> after = new ArrayList<>();
        private @Nullable TrainingRun run;

        @Override
        public void begin(TrainingRun begun) {
            run = begun;
        }

        @Override
        public void afterUpdate(Step step) {
            TrainingRun current = Objects.requireNonNull(run);
            if (step.number() % current.stepsInEpoch() == 0) {
                after.add(SmallTraining.bits(current.parameters()));
            }
        }
    }

    private static double validationLoss(EpochResult result) {
        return Objects.requireNonNull(result.validation()).loss();
    }

    /** Labels without sense: what is learnt by heart makes the validation loss worse. */
    private static Samples nonsense() {
        Samples samples = SmallTraining.samples(SmallTraining.SAMPLES, 5);
        int[] labels = new int[samples.count()];
        for (int k = 0; k < labels.length; k++) {
            labels[k] = k * 7 % 11 % SmallTraining.CLASSES;
        }
        return new Samples(samples.features(), labels, SmallTraining.CLASSES);
    }

    private static TrainConfig config(EarlyStopping rule) {
        return SmallTraining.SGD
                .config(EPOCHS)
                .validation(0.25)
                .earlyStopping(rule)
                .build();
    }

    @Test
    void trainingStopsWhenTheValidationLossNoLongerFallsAndKeepsTheBestWeights() {
        int patience = 3;
        Weights weights = new Weights();
        Samples test = SmallTraining.samples(20, 6);
        try (TrainedModel trained = TrainingLoop.train(
                config(new EarlyStopping(patience, 0)), nonsense(), test, List.of(weights), TrainingListener.NONE)) {
            List<EpochResult> history = trained.history();
            int best = trained.result().epoch();
            assertTrue(history.size() < EPOCHS, history.size() + " epochs");
            assertEquals(best + patience, history.size());
            for (EpochResult result : history) {
                assertTrue(validationLoss(trained.result()) <= validationLoss(result));
            }
            assertEquals(weights.after.get(best - 1), SmallTraining.bits(trained.parameters()));
            assertNotEquals(weights.after.get(history.size() - 1), SmallTraining.bits(trained.parameters()));
            assertEquals(history.get(best - 1), trained.result());
        }
    }

    @Test
    void aSmallImprovementIsNone() {
        Samples test = SmallTraining.samples(20, 6);
        try (TrainedModel trained =
                TrainingLoop.train(config(new EarlyStopping(2, 100)), nonsense(), test, TrainingListener.NONE)) {
            assertEquals(1, trained.result().epoch(), "the first is better than none");
            assertEquals(3, trained.history().size());
        }
    }

    /** Other values in the last quarter change no weight, and another validation loss. */
    @Test
    void whatIsHeldOutIsNotTrainedOn() {
        Samples train = nonsense();
        float[] other = train.features().clone();
        int held = (int) (0.25 * SmallTraining.SAMPLES);
        Arrays.fill(other, other.length - held * SmallTraining.WIDTH, other.length, 0.5f);
        Samples changed = new Samples(other, train.labels(), train.classes());
        TrainConfig config = SmallTraining.SGD.config(2).validation(0.25).build();
        Samples test = SmallTraining.samples(20, 6);
        try (TrainedModel a = TrainingLoop.train(config, train, test, TrainingListener.NONE);
                TrainedModel b = TrainingLoop.train(config, changed, test, TrainingListener.NONE)) {
            assertEquals(SmallTraining.bits(a.parameters()), SmallTraining.bits(b.parameters()));
            assertNotEquals(a.result().validation(), b.result().validation());
            assertEquals(2, a.result().epoch());
        }
    }

    @Test
    void theDefaultPartIsThatOfDataSets() {
        TrainConfig config = SmallTraining.SGD
                .config(1)
                .validation(TrainConfig.DEFAULT_VALIDATION)
                .build();
        for (int count : new int[] {2, 5, 6, 7, 11, 12, 60, 3000, 20_000, 60_000}) {
            assertEquals(Math.max(1, count / 6), config.held(count), count + " samples");
        }
        assertThrows(IllegalArgumentException.class, () -> config.held(1));
        assertEquals(0, SmallTraining.SGD.config(1).build().held(1));
    }

    @Test
    void wrongRulesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new EarlyStopping(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new EarlyStopping(1, -0.1));
        assertThrows(IllegalArgumentException.class, () -> new EarlyStopping(1, Double.NaN));
        TrainConfig.Builder builder = SmallTraining.SGD.config(1).earlyStopping(new EarlyStopping(1, 0));
        assertThrows(IllegalArgumentException.class, builder::build, "no validation part");
        assertThrows(
                IllegalArgumentException.class,
                () -> SmallTraining.SGD.config(1).validation(1).build());
    }
}
