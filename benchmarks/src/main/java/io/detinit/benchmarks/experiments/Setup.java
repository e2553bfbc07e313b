package io.detinit.benchmarks.experiments;

import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.TrainConfig;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;

/**
 * A net and how it is trained: Adam with half a cosine of the learning rate.
 *
 * @param name the setup's name
 * @param model the model
 * @param epochs passes over the data
 * @param batch samples in a step
 * @param rate the learning rate at the beginning
 */
record Setup(String name, String model, int epochs, int batch, double rate) {

    static Setup of(String name) {
        return switch (name) {
            case "lenet-300-100" -> new Setup(name, "mlp:784-300-100-10", 20, 60, 1.2e-3);
            case "lenet5" -> new Setup(name, "lenet5", 15, 64, 1e-3);
            default -> throw new IllegalArgumentException("setups: lenet-300-100, lenet5");
        };
    }

    TrainConfig config(long seed) {
        return TrainConfig.builder(ModelSpec.parse(model), seed)
                .epochs(epochs)
                .batch(batch)
                .optimizer(OptimizerConfig.of(OptimizerKind.ADAM).withLearningRate(rate))
                .schedule(LearningRateSchedule.parse("cosine", 0))
                .device(DeviceChoice.CPU)
                .build();
    }
}
