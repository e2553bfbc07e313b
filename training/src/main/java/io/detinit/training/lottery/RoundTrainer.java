package io.detinit.training.lottery;

import io.detinit.generator.InitPlan;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.training.DeviceSamples;
import io.detinit.training.Score;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Trains one network of a lottery and looks for the step at which it should have stopped. Not thread-safe. */
final class RoundTrainer {

    private final LotteryConfig config;
    private final LotteryData data;

    RoundTrainer(LotteryConfig config, LotteryData data) {
        this.config = config;
        this.data = data;
    }

    /**
     * A trained network.
     *
     * @param plan the plan of its initial weights
     * @param masks its masks; for the dense network such that keep all weights of every prunable matrix
     * @param tensors a snapshot of its tensors after the last step
     * @param earlyStop the evaluation with the lowest validation loss
     * @param end the last evaluation
     */
    record Trained(
            InitPlan plan, Map<String, Mask> masks, List<ArrayTensor> tensors, Evaluation earlyStop, Evaluation end) {}

    /** {@return steps of one training} */
    long steps() {
        TrainConfig training = config.training();
        int inEpoch = (data.train().count() + training.batch() - 1) / training.batch();
        return (long) inEpoch * training.epochs();
    }

    /**
     * Trains.
     *
     * @param seed of the weights and of the sample order
     * @param masks put on after the rewind step; none for the dense network
     * @param onStep is told of every step
     * @throws IllegalArgumentException if the layer rates do not fit the network; before the first step
     */
    Trained train(long seed, Map<String, Mask> masks, Runnable onStep) throws IOException {
        TrainConfig training = config.training().toBuilder().seed(seed).build();
        RewindRule rule = new RewindRule(masks, config.fill(), config.rewind());
        try (TrainingRun run = TrainingRun.begin(training, data.train(), List.of(rule));
                DeviceSamples validation = run.upload(data.validation());
                DeviceSamples test = run.upload(data.test())) {
            Map<String, Mask> all =
                    masks.isEmpty() ? TicketMasks.dense(run.plan(), DjlTensors.of(run.parameters())) : masks;
            config.rates().of(List.copyOf(all.keySet()));
            Best best = new Best(run, test);
            Evaluation end = null;
            while (!run.isDone()) {
                run.step();
                if (run.steps() > config.rewind() && (run.steps() % config.evalEvery() == 0 || run.isDone())) {
                    end = best.look(run.score(validation));
                }
                onStep.run();
            }
            if (end == null || best.evaluation == null) {
                throw new IllegalStateException("no step after the rewind step " + config.rewind());
            }
            return new Trained(run.plan(), all, DjlTensors.of(run.parameters()), best.evaluation, end);
        }
    }

    /** The best evaluation so far. The test samples are scored only where that is asked for: at a new best, and at the end. */
    private static final class Best {
        private final TrainingRun run;
        private final DeviceSamples test;
        private @Nullable Evaluation evaluation;

        Best(TrainingRun run, DeviceSamples test) {
            this.run = run;
            this.test = test;
        }

        /** {@return the evaluation now, where it is the best or the last one} */
        @Nullable
        Evaluation look(Score validation) {
            Evaluation before = evaluation;
            boolean better = before == null
                    || validation.loss() < before.validation().loss()
                    || (Double.isNaN(before.validation().loss()) && !Double.isNaN(validation.loss()));
            if (!better && !run.isDone()) {
                return null;
            }
            Evaluation now = new Evaluation(run.steps(), validation, run.score(test));
            if (better) {
                evaluation = now;
            }
            return now;
        }
    }
}
