package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.models.ModelSpec;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.rule.MaskRule;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingRunTest {

    private static Samples train;

    @BeforeAll
    static void draw() {
        ImageData digits = ProceduralDigits.generate();
        train = digits.validationSamples(Normalization.NONE);
    }

    private static TrainConfig config(OptimizerKind kind) {
        return TrainConfig.builder(ModelSpec.parse("mlp:784-12-10"), 7)
                .epochs(1)
                .batch(64)
                .optimizer(OptimizerConfig.of(kind).withWeightDecay(0.01))
                .device(DeviceChoice.CPU)
                .build();
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void prunedStaysPrunedInEveryStepWithBothFills(OptimizerKind kind) {
        for (Fill fill : List.of(Fill.ZERO, Fill.INIT)) {
            try (TrainingRun plain = TrainingRun.begin(config(kind), train, List.of())) {
                var shape = plain.plan().init("fc1.weight").shape();
                Mask mask = Mask.of(shape, k -> k % 3 == 0);
                float[] initial = plain.plan().init("fc1.weight").toArray();
                MaskRule rule = new MaskRule(Map.of("fc1.weight", mask), fill);
                try (TrainingRun run = TrainingRun.begin(config(kind), train, List.of(rule))) {
                    int moved = 0;
                    for (int step = 0; step < 5; step++) {
                        run.step();
                        float[] now =
                                run.parameters().get("fc1.weight").getArray().toFloatArray();
                        moved = 0;
                        for (int k = 0; k < now.length; k++) {
                            if (mask.keeps(k)) {
                                moved += now[k] != initial[k] ? 1 : 0;
                            } else {
                                assertEquals(fill == Fill.ZERO ? 0 : initial[k], now[k]);
                            }
                        }
                    }
                    assertTrue(moved > 1000, moved + " moved");
                }
            }
        }
    }

    @Test
    void aMaskThatDoesNotFitIsRefused() {
        Mask mask = Mask.of(io.detinit.generator.TensorShape.of(3, 4), k -> true);
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingRun.begin(
                        config(OptimizerKind.SGD),
                        train,
                        List.of(new MaskRule(Map.of("fc1.weight", mask), Fill.ZERO))));
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingRun.begin(
                        config(OptimizerKind.SGD),
                        train,
                        List.of(new MaskRule(Map.of("fc9.weight", mask), Fill.ZERO))));
        assertThrows(IllegalArgumentException.class, () -> new MaskRule(Map.of(), Fill.INIT_OR_ZERO));
    }

    @Test
    void aRunBeginsWithItsInitialWeights() {
        try (TrainingRun run = TrainingRun.begin(config(OptimizerKind.SGD), train, List.of())) {
            assertArrayEquals(
                    run.plan().init("fc2.weight").toArray(),
                    run.parameters().get("fc2.weight").getArray().toFloatArray());
            assertEquals(0, run.steps());
            assertEquals(0, run.epoch());
        }
    }
}
