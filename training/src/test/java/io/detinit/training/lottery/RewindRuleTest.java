package io.detinit.training.lottery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import io.detinit.training.DeviceSamples;
import io.detinit.training.StepHook;
import io.detinit.training.TrainingRun;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RewindRuleTest {

    private static final String NAME = "fc1.weight";

    private static TrainingRun begin(StepHook... hooks) {
        return TrainingRun.begin(FewDigits.training(0.01), FewDigits.DATA.train(), List.of(hooks));
    }

    private static float[] weights(TrainingRun run) {
        return run.parameters().get(NAME).getArray().toFloatArray();
    }

    private static float[] masked(float[] weights, float[] fill, Mask mask) {
        float[] result = weights.clone();
        for (int k = 0; k < result.length; k++) {
            if (!mask.keeps(k)) {
                result[k] = fill[k];
            }
        }
        return result;
    }

    @ParameterizedTest
    @EnumSource(names = {"ZERO", "INIT"})
    void weightsGoBackToTheirBitsAtTheBeginningOrAfterAStep(Fill fill) {
        for (int rewind : List.of(0, 1, 12)) {
            try (TrainingRun dense = begin()) {
                float[] initial = dense.plan().init(NAME).toArray();
                Mask mask = Mask.of(dense.plan().init(NAME).shape(), k -> k % 5 < 2);
                for (int k = 0; k < rewind; k++) {
                    dense.step();
                }
                float[] filling = fill == Fill.ZERO ? new float[initial.length] : initial;
                float[] expected = masked(weights(dense), filling, mask);
                try (TrainingRun run = begin(new RewindRule(Map.of(NAME, mask), fill, rewind))) {
                    for (int k = 0; k < rewind; k++) {
                        run.step();
                    }
                    assertArrayEquals(expected, weights(run));
                    for (int k = 0; k < 3; k++) {
                        run.step();
                        float[] now = weights(run);
                        assertArrayEquals(masked(now, filling, mask), now, "pruned stays pruned");
                    }
                    assertTrue(moved(expected, weights(run)) > 500);
                }
            }
        }
    }

    private static int moved(float[] before, float[] after) {
        int moved = 0;
        for (int k = 0; k < before.length; k++) {
            moved += before[k] != after[k] ? 1 : 0;
        }
        return moved;
    }

    /** A mask that prunes nothing changes nothing: the optimizer goes on as it stood after the step. */
    @Test
    void theOptimizerGoesOnToo() {
        try (TrainingRun dense = begin()) {
            Mask all = Mask.of(dense.plan().init(NAME).shape(), k -> true);
            try (TrainingRun run = begin(new RewindRule(Map.of(NAME, all), Fill.ZERO, 5))) {
                for (int k = 0; k < 15; k++) {
                    dense.step();
                    run.step();
                }
                assertArrayEquals(weights(dense), weights(run));
            }
        }
    }

    @Test
    void nothingPilesUpWhileARoundIsTrainedAndScored() {
        try (TrainingRun run = begin()) {
            Mask mask = Mask.of(run.plan().init(NAME).shape(), k -> k % 2 == 0);
            try (TrainingRun masked = begin(new RewindRule(Map.of(NAME, mask), Fill.INIT, 2));
                    DeviceSamples test = masked.upload(FewDigits.DATA.test())) {
                for (int k = 0; k < 3; k++) {
                    masked.step();
                }
                masked.score(test);
                int arrays = masked.manager().getManagedArrays().size();
                int model = masked.model().getNDManager().getManagedArrays().size();
                for (int k = 0; k < 20; k++) {
                    masked.step();
                    masked.score(test);
                }
                assertEquals(arrays, masked.manager().getManagedArrays().size());
                assertEquals(
                        model, masked.model().getNDManager().getManagedArrays().size());
            }
        }
    }
}
