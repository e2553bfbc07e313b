package io.detinit.cli;

import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.TrainConfig;
import io.detinit.training.data.Normalization;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How each round of a lottery is trained; unless other values are given, as LeNet-300-100 in Frankle and Carbin 2019. */
final class LotteryTraining {

    /** The learning rate of Adam in Frankle and Carbin 2019. */
    private static final double ADAM_RATE = 1.2e-3;

    @Option(
            names = "--model",
            paramLabel = "M",
            description = "The model, as in 'detinit train' (default: mlp:784-300-100-10).")
    String model = "mlp:784-300-100-10";

    @Mixin
    RuleOptions rules = new RuleOptions();

    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the data in each training (default: 10).")
    int epochs = 10;

    @Option(names = "--batch", paramLabel = "N", description = "Samples in a step (default: 60).")
    int batch = 60;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "adam (default), adamw or sgd.")
    String optimizer = "adam";

    @Option(
            names = "--lr",
            paramLabel = "X",
            description = "Learning rate (default: 0.0012 for adam, else as in 'detinit train').")
    @Nullable
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "Momentum of sgd (default: 0).")
    double momentum;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Weight decay (default: 0).")
    double weightDecay;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "How the learning rate goes on: constant (default), cosine, step:EPOCHS:FACTOR.")
    String schedule = "constant";

    @Option(names = "--warmup", paramLabel = "K", description = "Steps in which the rate rises (default: 0).")
    long warmup;

    @Option(names = "--normalize", paramLabel = "NAME", description = "none (pixels / 255, default) or meanstd.")
    String normalize = "none";

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "auto (a GPU if the engine sees one, default), cpu or gpu.")
    String device = "auto";

    TrainConfig config(long seed) {
        OptimizerKind kind = OptimizerKind.parse(optimizer);
        double usual = kind == OptimizerKind.ADAM ? ADAM_RATE : kind.defaultLearningRate();
        return TrainConfig.builder(ModelSpec.parse(model), seed)
                .rules(rules.parse())
                .epochs(epochs)
                .batch(batch)
                .optimizer(OptimizerConfig.of(kind)
                        .withLearningRate(learningRate == null ? usual : learningRate)
                        .withMomentum(momentum, false)
                        .withWeightDecay(weightDecay))
                .schedule(LearningRateSchedule.parse(schedule, warmup))
                .device(DeviceChoice.parse(device))
                .build();
    }

    Normalization normalization() {
        return Normalization.parse(normalize);
    }
}
