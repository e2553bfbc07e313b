package io.detinit.training;

import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.LiveAudit;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelineSink;
import io.detinit.training.timeline.UnitProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Trains a {@link TrainingRun} to its end: a test after every epoch, a listener that is told, audits where they are due.
 *
 * <p>Stateless; each call is independent, but DJL's engine seed is global: train one model at a time.
 */
public final class TrainingLoop {

    private TrainingLoop() {}

    /**
     * Seeds and trains a model.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param listener is told how it goes on
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     */
    public static TrainedModel train(TrainConfig config, Samples train, Samples test, TrainingListener listener) {
        return train(config, train, test, List.of(), listener, null, TimelineSink.NONE);
    }

    /**
     * Seeds and trains a model with hooks around every update.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param hooks in their order
     * @param listener is told how it goes on
     * @return the trained model; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     */
    public static TrainedModel train(
            TrainConfig config, Samples train, Samples test, List<StepHook> hooks, TrainingListener listener) {
        return train(config, train, test, hooks, listener, null, TimelineSink.NONE);
    }

    /**
     * Seeds and trains a model and audits its parameters on the way. The weights are those of a training without audits, bit for
     * bit. The time of audits after steps is part of the epoch's seconds, that of audits after epochs is not.
     *
     * @param config how
     * @param train the training samples
     * @param test the test samples, scored after every epoch
     * @param hooks what happens around every update, in their order
     * @param listener is told how it goes on
     * @param schedule when the parameters are audited, and at which thresholds
     * @param sink receives the timeline as it grows
     * @return the trained model with its timeline; close it
     * @throws IllegalArgumentException if the samples do not fit the model, or a GPU is asked for and there is none
     * @throws java.io.UncheckedIOException if the sink cannot write
     */
    public static TrainedModel trainAudited(
            TrainConfig config,
            Samples train,
            Samples test,
            List<StepHook> hooks,
            TrainingListener listener,
            AuditSchedule schedule,
            TimelineSink sink) {
        return train(config, train, test, hooks, listener, schedule, sink);
    }

    private static TrainedModel train(
            TrainConfig config,
            Samples train,
            Samples test,
            List<StepHook> hooks,
            TrainingListener listener,
            @Nullable AuditSchedule schedule,
            TimelineSink sink) {
        TrainingRun.checkFits(config, test, "test");
        Optional<GradientHook> gradients = Optional.ofNullable(schedule).map(GradientHook::new);
        TrainingRun run = TrainingRun.begin(
                config, train, Stream.concat(hooks.stream(), gradients.stream()).toList());
        boolean done = false;
        try {
            DeviceSamples scored = run.upload(test);
            Audits audits = new Audits(run, schedule, sink, listener, scored, gradients);
            List<EpochResult> history = new ArrayList<>();
            long start = System.nanoTime();
            while (!run.isDone()) {
                run.step();
                audits.step();
                if (run.atEpochEnd()) {
                    double trainLoss = run.trainLoss();
                    double seconds = (System.nanoTime() - start) * 1e-9;
                    Score score = run.score(scored);
                    EpochResult result =
                            new EpochResult(run.epoch(), trainLoss, score.loss(), score.accuracy(), seconds);
                    history.add(result);
                    audits.epoch(result);
                    start = System.nanoTime();
                }
            }
            TrainedModel trained = run.finish(history, audits.timeline());
            done = true;
            return trained;
        } finally {
            if (!done) {
                run.close();
            }
        }
    }

    /** Tells the listener how training goes on, and audits where that is due. */
    private static final class Audits {
        private final TrainingRun run;
        private final TrainingListener listener;
        private final @Nullable LiveAudit live;

        Audits(
                TrainingRun run,
                @Nullable AuditSchedule schedule,
                TimelineSink sink,
                TrainingListener listener,
                DeviceSamples scored,
                Optional<GradientHook> gradients) {
            this.run = run;
            this.listener = listener;
            if (schedule == null) {
                live = null;
            } else {
                LiveAudit begun = LiveAudit.begin(run.parameters(), LiveAudit.Source.of(run.plan()), schedule, sink);
                gradients.ifPresent(hook -> begun.with(hook.watch()));
                live = begun.with(
                        new UnitProbe(run.model().getBlock(), run.parameters(), scored.first(UnitProbe.SAMPLES)));
                if (run.hooks().stream().anyMatch(StepHook::changesFirstWeights)) {
                    live.startsElsewhere();
                }
                point(live, 0);
            }
        }

        void step() {
            int steps = run.stepsInEpoch();
            int place = Math.toIntExact((run.steps() - 1) % steps) + 1;
            listener.onStep(run.epoch(), run.config().epochs(), place, steps);
            if (live != null && place < steps && live.schedule().isDueAfterStep(run.steps())) {
                point(live, run.epoch() - 1 + (double) place / steps);
            }
        }

        void epoch(EpochResult result) {
            listener.onEpoch(result);
            if (live != null) {
                AuditSchedule due = live.schedule();
                if (run.isDone() || due.isDueAfterEpoch(result.epoch()) || due.isDueAfterStep(run.steps())) {
                    point(live, result.epoch());
                }
            }
        }

        private void point(LiveAudit audit, double epoch) {
            listener.onAudit(audit.point(epoch, run.steps()));
        }

        Optional<Timeline> timeline() {
            return Optional.ofNullable(live).map(LiveAudit::timeline);
        }
    }
}
