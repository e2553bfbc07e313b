package io.detinit.benchmarks.experiments;

import ai.djl.nn.Parameter;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.training.DeviceSamples;
import io.detinit.training.TrainingRun;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The weights of a run, pruned in one way after another, scored, and put back. Not thread-safe. */
final class PrunedScores {

    private final TrainingRun run;
    private final DeviceSamples samples;
    private final Map<String, float[]> trained = new HashMap<>();
    private final List<ArrayTensor> tensors;
    private final Selector selector;

    PrunedScores(TrainingRun run, DeviceSamples samples) throws IOException {
        this.run = run;
        this.samples = samples;
        this.tensors = DjlTensors.of(run.parameters());
        run.parameters()
                .forEach((name, parameter) ->
                        trained.put(name, parameter.getArray().toFloatArray()));
        this.selector = new Selector(Baseline.of(run.plan(), tensors), 1);
    }

    List<ArrayTensor> tensors() {
        return tensors;
    }

    /** The trained values of a parameter; not to be changed. */
    float[] trained(String name) {
        return Objects.requireNonNull(trained.get(name), name);
    }

    Map<String, Mask> select(Selection selection) throws IOException {
        return selector.select(tensors, selection);
    }

    /** The accuracy with the weights pruned; the run has its trained weights again afterwards. */
    double accuracy(Map<String, Mask> masks, Fill fill) {
        masks.forEach((name, mask) -> {
            float[] values = trained(name).clone();
            float[] initial = run.plan().init(name).toArray();
            for (int k = 0; k < values.length; k++) {
                if (!mask.keeps(k)) {
                    values[k] = switch (fill) {
                        case ZERO -> 0;
                        case INIT -> initial[k];
                        case INIT_OR_ZERO -> Math.abs(values[k]) < Math.abs(initial[k]) ? 0 : initial[k];
                    };
                }
            }
            set(name, values);
        });
        double accuracy = run.score(samples).accuracy();
        masks.keySet().forEach(name -> set(name, trained(name)));
        return accuracy;
    }

    private void set(String name, float[] values) {
        Parameter parameter = run.parameters().get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter " + name);
        }
        parameter.getArray().set(values);
    }
}
