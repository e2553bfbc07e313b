package io.detinit.training.rule;

import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.Samples;
import io.detinit.training.StepHook;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Short runs of a tiny model on the embedded digits. */
final class RuleRuns {

    static final ModelSpec MODEL = ModelSpec.parse("mlp:784-12-10");
    static final String WEIGHT = "fc1.weight";
    private static final Samples TRAIN = ProceduralDigits.generate().validationSamples(Normalization.NONE);

    private RuleRuns() {}

    static TrainConfig config(OptimizerConfig optimizer) {
        return TrainConfig.builder(MODEL, 7)
                .epochs(1)
                .batch(64)
                .optimizer(optimizer)
                .device(DeviceChoice.CPU)
                .build();
    }

    static TrainConfig config(OptimizerKind kind) {
        return config(OptimizerConfig.of(kind));
    }

    static TrainingRun begin(TrainConfig config, StepHook... hooks) {
        return TrainingRun.begin(config, TRAIN, List.of(hooks));
    }

    static Map<String, float[]> values(TrainingRun run) {
        Map<String, float[]> values = new LinkedHashMap<>();
        run.parameters()
                .forEach((name, parameter) ->
                        values.put(name, parameter.getArray().toFloatArray()));
        return values;
    }

    static Map<String, float[]> after(int steps, TrainConfig config, StepHook... hooks) {
        try (TrainingRun run = begin(config, hooks)) {
            for (int k = 0; k < steps; k++) {
                run.step();
            }
            return values(run);
        }
    }

    static float[] value(TrainingRun run, String name) {
        return values(run).getOrDefault(name, new float[0]);
    }

    static int sameBits(float[] left, float[] right) {
        int same = 0;
        for (int k = 0; k < left.length; k++) {
            same += Float.floatToRawIntBits(left[k]) == Float.floatToRawIntBits(right[k]) ? 1 : 0;
        }
        return same;
    }
}
