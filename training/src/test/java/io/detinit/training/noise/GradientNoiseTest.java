package io.detinit.training.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.noise.NoiseRecord;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.noise.ControlData.Labels;
import io.detinit.training.noise.FalseAlarmCheck.Group;
import io.detinit.training.noise.FalseAlarmCheck.Kind;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GradientNoiseTest {

    private static Samples digits;

    @BeforeAll
    static void draw() {
        digits = ProceduralDigits.generate().validationSamples(Normalization.NONE);
    }

    private static TrainConfig config(int inputs, OptimizerConfig optimizer) {
        return TrainConfig.builder(ModelSpec.parse("mlp:" + inputs + "-32-10"), 11)
                .epochs(1)
                .batch(64)
                .optimizer(optimizer)
                .device(DeviceChoice.CPU)
                .build();
    }

    private static Group of(FalseAlarmCheck check, Kind kind) {
        return check.groups().stream()
                .filter(group -> group.parameter().equals("fc1.weight") && group.kind() == kind)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void weightsWithoutSignalAreFlaggedAboutAsOftenAsTheRateSays() {
        ControlData data = new ControlData(2, 128, 0.1, Labels.FRESH);
        for (OptimizerConfig optimizer : List.of(
                OptimizerConfig.of(OptimizerKind.SGD),
                OptimizerConfig.of(OptimizerKind.SGD).withLearningRate(0.02).withMomentum(0.9, false),
                OptimizerConfig.of(OptimizerKind.ADAM))) {
            FalseAlarmCheck check =
                    FalseAlarmCheck.of(config(784 + 128, optimizer), digits, data, List.of(0.05, 0.001), 4);
            Group noise = of(check, Kind.NOISE);
            assertEquals(32 * 128, noise.weights());
            // the measured figures are in docs/threshold.md; units share errors, so these counts scatter more than
            // single ones
            assertEquals(1, noise.rms(), 0.2, optimizer.toString());
            assertTrue(noise.flagged().get(0) > 0.02 && noise.flagged().get(0) < 0.1, noise.toString());
            assertTrue(noise.flagged().get(1) < 0.006, noise.toString());
            Group dead = of(check, Kind.DEAD);
            assertTrue(dead.weights() > 1000, dead.toString());
            assertEquals(List.of(0.0, 0.0), dead.flagged(), "a weight behind an input that is always 0");
        }
    }

    @Test
    void signalStandsOutAndShuffledLabelsLeaveLittleOfIt() {
        OptimizerConfig sgd = OptimizerConfig.of(OptimizerKind.SGD);
        List<Double> rates = List.of(0.001);
        FalseAlarmCheck own =
                FalseAlarmCheck.of(config(800, sgd), digits, new ControlData(2, 16, 0.1, Labels.TRUE), rates, 4);
        FalseAlarmCheck shuffled =
                FalseAlarmCheck.of(config(800, sgd), digits, new ControlData(2, 16, 0.1, Labels.SHUFFLED), rates, 4);
        double signal = of(own, Kind.OTHER).flagged().get(0);
        double left = of(shuffled, Kind.OTHER).flagged().get(0);
        assertTrue(signal > 3 * left && signal > 0.1, signal + " and " + left);
    }

    @Test
    void withWeightDecayDeadInputsAreStillNotFlagged() {
        ControlData data = new ControlData(2, 16, 0.1, Labels.TRUE);
        for (OptimizerConfig optimizer : List.of(
                OptimizerConfig.of(OptimizerKind.SGD)
                        .withMomentum(0.9, false)
                        .withLearningRate(0.02)
                        .withWeightDecay(1e-3),
                OptimizerConfig.of(OptimizerKind.ADAMW).withWeightDecay(0.1))) {
            FalseAlarmCheck check = FalseAlarmCheck.of(config(800, optimizer), digits, data, List.of(0.001), 4);
            assertTrue(check.noise().decay() < 1, optimizer.toString());
            assertEquals(0.0, of(check, Kind.DEAD).flagged().get(0), optimizer.toString());
        }
    }

    @Test
    void measuringChangesNothingOfTheTraining() {
        TrainConfig config = config(784, OptimizerConfig.of(OptimizerKind.ADAM));
        GradientNoise noise = new GradientNoise(2);
        try (TrainingRun plain = TrainingRun.begin(config, digits, List.of());
                TrainingRun measured = TrainingRun.begin(config, digits, List.of(noise))) {
            for (int step = 0; step < 9; step++) {
                plain.step();
            }
            for (int step = 0; step < 9; step++) {
                measured.step();
            }
            for (String name : plain.parameters().keySet()) {
                assertArrayEquals(
                        plain.parameters().get(name).getArray().toFloatArray(),
                        measured.parameters().get(name).getArray().toFloatArray());
            }
            NoiseRecord record = noise.record().orElseThrow();
            assertEquals(9, record.steps());
            assertEquals(4, record.pairs());
            assertEquals(record, noise.record().orElseThrow(), "asking twice changes nothing");
            assertEquals(plain.parameters().keySet().size(), record.layers().size());
        }
    }

    @Test
    void whereNothingCanBeSaidAReasonIsGiven() {
        GradientNoise early = new GradientNoise();
        GradientNoise coupled = new GradientNoise();
        OptimizerConfig adam = OptimizerConfig.of(OptimizerKind.ADAM);
        try (TrainingRun run = TrainingRun.begin(config(784, adam), digits, List.of(early));
                TrainingRun other =
                        TrainingRun.begin(config(784, adam.withWeightDecay(0.1)), digits, List.of(coupled))) {
            run.step();
            other.step();
            other.step();
            assertTrue(early.record().isEmpty());
            assertFalse(early.reason().isEmpty());
            assertTrue(coupled.record().isEmpty());
            assertTrue(coupled.reason().contains("adamw"), coupled.reason());
        }
    }

    @Test
    void shuffledLabelsAreTheSameLabelsInAnotherOrder() {
        Samples shuffled = Shuffled.labels(digits, 5);
        assertFalse(Arrays.equals(digits.labels(), shuffled.labels()));
        assertArrayEquals(
                Arrays.stream(digits.labels()).sorted().toArray(),
                Arrays.stream(shuffled.labels()).sorted().toArray());
        Samples fresh = new ControlData(2, 3, 1, Labels.FRESH).of(digits, 5);
        int n = digits.count();
        assertEquals(2 * n, fresh.count());
        assertEquals(787, fresh.width());
        assertFalse(Arrays.equals(fresh.labels(), 0, n, fresh.labels(), n, 2 * n));
        assertFalse(fresh.features()[784] == fresh.features()[n * 787 + 784], "each copy has noise of its own");
        assertEquals(digits.features()[300], fresh.features()[n * 787 + 300]);
    }
}
