package io.detinit.interop.shrink;

import io.detinit.interop.verify.Latencies;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.ModelInput;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.RandomInputs;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How long two models take, timed in turns in one run.
 *
 * @param batch samples of one run
 * @param threads threads of ONNX Runtime
 * @param before of the first model
 * @param after of the second
 */
public record SpeedUp(long batch, int threads, Latency before, Latency after) {

    /** {@return how many times faster the second model is: the ratio of the medians} */
    public double ratio() {
        return before.median() / after.median();
    }

    /**
     * Times two models in turns on the same random inputs.
     *
     * @param first a model
     * @param second another one that takes the same inputs
     * @param batch samples of one run, where the first axis of an input is free; other free axes are 1
     * @param threads threads of ONNX Runtime, >= 1
     * @param runs runs of each that are timed, after a fifth as many that are not; >= 1
     * @return their latencies
     * @throws IOException if a model cannot be run
     */
    public static SpeedUp measure(Path first, Path second, int batch, int threads, int runs) throws IOException {
        try (OnnxRunner one = OnnxRunner.open(first, threads);
                OnnxRunner two = OnnxRunner.open(second, threads)) {
            Map<String, List<Long>> shapes = new LinkedHashMap<>();
            long samples = 1;
            for (ModelInput input : one.inputs()) {
                List<Long> shape = new ArrayList<>();
                for (int axis = 0; axis < input.shape().size(); axis++) {
                    long length = input.shape().get(axis);
                    shape.add(length >= 0 ? length : axis == 0 ? batch : 1L);
                }
                if (!shape.isEmpty()) {
                    shapes.put(input.name(), shape);
                    samples = Math.max(samples, shape.get(0));
                }
            }
            RandomInputs inputs = new RandomInputs(0, RandomInputs.Distribution.NORMAL, 1, shapes);
            List<Latency> timed =
                    Latencies.interleaved(Verifier.probes(one, two, inputs), Math.max(1, runs / 5), runs, done -> {});
            return new SpeedUp(samples, threads, timed.get(0), timed.get(1));
        }
    }
}
