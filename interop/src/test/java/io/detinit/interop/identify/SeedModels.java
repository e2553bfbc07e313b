package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small checkpoints whose origin is known. */
final class SeedModels {

    /** 9,932 weights in four tensors, one of them a convolution's. */
    private static final List<TensorShape> SHAPES = List.of(
            TensorShape.of(16, 3, 3, 3), TensorShape.of(60, 100), TensorShape.of(50, 60), TensorShape.of(10, 50));

    private static final List<String> NAMES = List.of("conv.weight", "fc1.weight", "fc2.weight", "fc3.weight");

    private SeedModels() {}

    /** Changes a tensor's initial values as training would. */
    @FunctionalInterface
    interface Training {
        void train(int tensor, float[] weights, double std);
    }

    static InitPlan plan(long seed, Scheme scheme) {
        return plan(seed, scheme, List.of(0L, 1L, 2L, 3L));
    }

    static InitPlan plan(long seed, Scheme scheme, List<Long> layers) {
        List<PlannedTensor> tensors = new ArrayList<>();
        for (int k = 0; k < SHAPES.size(); k++) {
            tensors.add(new PlannedTensor(NAMES.get(k), SHAPES.get(k), layers.get(k), scheme));
        }
        return new InitPlan(seed, tensors);
    }

    /** Every weight moved by a normal step of so many stds: the correlation with the start is 1 / sqrt(1 + noise^2). */
    static Training noise(double noise) {
        Random random = new Random(20240917);
        return (tensor, weights, std) -> {
            for (int k = 0; k < weights.length; k++) {
                weights[k] += (float) (noise * std * random.nextGaussian());
            }
        };
    }

    static Checkpoint write(Path folder, InitPlan plan, Training training) throws IOException {
        List<ArrayTensor> tensors = new ArrayList<>();
        for (int k = 0; k < plan.tensors().size(); k++) {
            PlannedTensor planned = plan.tensors().get(k);
            float[] weights = plan.init(planned).toArray();
            training.train(k, weights, planned.scheme().std(planned.shape()));
            tensors.add(ArrayTensor.of(planned.name(), planned.shape(), weights));
        }
        tensors.add(ArrayTensor.of("fc3.bias", TensorShape.of(10), new float[10]));
        Path file = folder.resolve("model.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return Checkpoints.open(file);
    }
}
