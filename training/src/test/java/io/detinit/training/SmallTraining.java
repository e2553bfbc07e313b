package io.detinit.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import io.detinit.models.ModelSpec;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Trainings of milliseconds on random samples, by name. */
enum SmallTraining {
    /** A plain perceptron. */
    SGD(OptimizerKind.SGD, 0),
    /** Momentum, with batch normalisation (running statistics) and dropout (random numbers). */
    MOMENTUM(OptimizerKind.SGD, 0.9),
    /** Adam with dropout, early stopping and its best weights. */
    ADAM(OptimizerKind.ADAM, 0),
    /** Everything at once. */
    ADAMW(OptimizerKind.ADAMW, 0);

    static final int WIDTH = 20;
    static final int CLASSES = 4;
    static final int SAMPLES = 90;
    static final int BATCH = 16;

    private final OptimizerKind kind;
    private final double momentum;

    SmallTraining(OptimizerKind kind, double momentum) {
        this.kind = kind;
        this.momentum = momentum;
    }

    /** Random features; the label is the largest of the first few, so there is something to learn. */
    static Samples samples(int count, long seed) {
        Random random = new Random(seed);
        float[] features = new float[count * WIDTH];
        int[] labels = new int[count];
        for (int k = 0; k < count; k++) {
            for (int j = 0; j < WIDTH; j++) {
                features[k * WIDTH + j] = (float) random.nextGaussian();
                if (j < CLASSES && features[k * WIDTH + j] > features[k * WIDTH + labels[k]]) {
                    labels[k] = j;
                }
            }
        }
        return new Samples(features, labels, CLASSES);
    }

    TrainConfig.Builder config(int epochs) {
        TrainConfig.Builder builder = TrainConfig.builder(ModelSpec.parse("mlp:20-12-4"), 11)
                .epochs(epochs)
                .batch(BATCH)
                .optimizer(OptimizerConfig.of(kind).withMomentum(momentum, momentum > 0))
                .device(DeviceChoice.CPU);
        if (this == ADAM) {
            builder.validation(0.2).earlyStopping(new EarlyStopping(2, 0));
            builder.optimizer(OptimizerConfig.of(kind).withLearningRate(0.1));
        }
        if (this == ADAMW) {
            builder.optimizer(OptimizerConfig.of(kind).withLearningRate(0.02).withWeightDecay(0.1))
                    .schedule(new LearningRateSchedule(LearningRateSchedule.Course.COSINE, 4, 1, 1))
                    .clipNorm(0.5)
                    .labelSmoothing(0.1)
                    .validation(0.15);
        }
        return builder;
    }

    private Block block() {
        if (this == SGD) {
            return ModelSpec.parse("mlp:20-12-4").newBlock();
        }
        return new SequentialBlock()
                .add(Blocks.batchFlattenBlock(WIDTH))
                .add(Linear.builder().setUnits(12).build())
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock())
                .add(Dropout.builder().optRate(0.5f).build())
                .add(Linear.builder().setUnits(CLASSES).build());
    }

    TrainingLoop loop(TrainConfig config) {
        Samples train = samples(SAMPLES, 1);
        return TrainingLoop.of(config, train, samples(40, 2)).starter(hooks -> run(config, train, hooks, 1));
    }

    /** A run whose batches are divided among so many copies of the model. */
    TrainingRun run(TrainConfig config, Samples train, List<StepHook> hooks, int parts) {
        return TrainingRun.begin(config, train, hooks, block(), Collections.nCopies(parts, Device.cpu()));
    }

    /** All parameters, running statistics included, bit by bit. */
    static Map<String, List<Integer>> bits(Map<String, Parameter> parameters) {
        Map<String, List<Integer>> bits = new TreeMap<>();
        parameters.forEach((name, parameter) -> bits.put(name, bits(parameter.getArray())));
        return bits;
    }

    static List<Integer> bits(NDArray array) {
        List<Integer> bits = new ArrayList<>();
        for (float value : array.toFloatArray()) {
            bits.add(Float.floatToRawIntBits(value));
        }
        return bits;
    }
}
