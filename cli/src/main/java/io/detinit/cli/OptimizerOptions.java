package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.training.TrainConfig;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the weights are updated. */
final class OptimizerOptions {

    @Option(names = "--optimizer", paramLabel = "NAME", description = "sgd (default), adam or adamw.")
    String optimizer = "sgd";

    @Option(
            names = "--lr",
            paramLabel = "X",
            description = "Learning rate (default: 0.1 for sgd, 0.001 for adam, adamw).")
    @Nullable
    Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "Momentum of sgd (default: 0).")
    double momentum;

    @Option(names = "--nesterov", description = "Nesterov's form of the momentum.")
    boolean nesterov;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "Weight decay (default: 0). It moves every weight. Decoupled from the gradient for adamw.")
    double weightDecay;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description =
                    "Course of the learning rate: constant (default); cosine, to 0 at the end; step:EPOCHS:FACTOR, times "
                            + "FACTOR after every EPOCHS epochs.")
    String schedule = "constant";

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description =
                    "Steps in which the learning rate grows linearly from 0 before that course, or epochs with an e "
                            + "behind, such as 0.5e (default: 0).")
    String warmup = "0";

    @Option(
            names = "--clip-norm",
            paramLabel = "X",
            description = "Scale the gradients so that their norm, all together, is X at most (default: no limit).")
    @Nullable
    Double clipNorm;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            description = "Part of a label's weight that is spread over all classes, in [0, 1) (default: 0).")
    double labelSmoothing;

    /** Checks and sets everything but the warm-up's steps, which need the length of an epoch. */
    void apply(TrainConfig.Builder config) {
        OptimizerKind kind = OptimizerKind.parse(optimizer);
        config.optimizer(OptimizerConfig.of(kind)
                        .withLearningRate(learningRate == null ? kind.defaultLearningRate() : learningRate)
                        .withMomentum(momentum, nesterov)
                        .withWeightDecay(weightDecay))
                .schedule(schedule(1))
                .clipNorm(clipNorm == null ? Double.POSITIVE_INFINITY : clipNorm)
                .labelSmoothing(labelSmoothing);
    }

    /** The schedule for a number of steps in an epoch. */
    LearningRateSchedule schedule(int stepsInEpoch) {
        return LearningRateSchedule.parse(schedule, warmupSteps(stepsInEpoch));
    }

    private long warmupSteps(int stepsInEpoch) {
        try {
            if (!warmup.endsWith("e")) {
                return Long.parseLong(warmup);
            }
            double epochs = Double.parseDouble(warmup.substring(0, warmup.length() - 1));
            if (epochs >= 0 && epochs < 1e9) {
                return Math.round(epochs * stepsInEpoch);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException(
                "--warmup '" + warmup + "' is no number of steps, such as 500, and none of epochs, such as 0.5e");
    }
}
