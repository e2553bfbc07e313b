package io.detinit.training;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Makes the steps of a run and what happens between them. Not thread-safe. */
final class TrainingCourse {

    private final TrainingRun run;
    private final Audits audits;
    private final DeviceSamples test;
    private final @Nullable Path checkpoint;
    private final ObjectNode settings;
    private final BooleanSupplier stop;
    private final Patience patience;
    private final List<EpochResult> history = new ArrayList<>();
    private double seconds;

    TrainingCourse(
            TrainingRun run,
            Audits audits,
            DeviceSamples test,
            @Nullable Path checkpoint,
            ObjectNode settings,
            BooleanSupplier stop) {
        this.run = run;
        this.audits = audits;
        this.test = test;
        this.checkpoint = checkpoint;
        this.settings = settings;
        this.stop = stop;
        this.patience = new Patience(run.config().earlyStopping());
    }

    void resume(TrainingState state) {
        try {
            state.restore(run, patience);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        history.addAll(state.history());
        seconds = state.seconds();
    }

    /** Writes a checkpoint where one is asked for. */
    void keep() {
        if (checkpoint == null) {
            return;
        }
        try {
            TrainingState.write(checkpoint, run, new TrainingState.Progress(history, seconds, patience), settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isOver() {
        return run.isDone() || patience.isOver(history.size());
    }

    TrainedModel train() {
        while (!isOver()) {
            if (stop.getAsBoolean()) {
                keep();
                throw new TrainingStoppedException(run.steps(), run.allSteps(), checkpoint);
            }
            long start = System.nanoTime();
            run.step();
            audits.step();
            double loss = run.atEpochEnd() ? run.trainLoss() : 0; // waits for the device, which is part of the time
            seconds += (System.nanoTime() - start) * 1e-9;
            if (run.atEpochEnd()) {
                epoch(loss);
            }
        }
        audits.end();
        patience.restoreBest(run);
        int best = patience.bestEpoch() == 0 ? history.size() : patience.bestEpoch();
        return run.finish(history, history.get(best - 1), audits.timeline());
    }

    private void epoch(double trainLoss) {
        Score score = run.score(test);
        Score validation = run.validation().map(run::score).orElse(null);
        EpochResult result = new EpochResult(
                run.epoch(), trainLoss, score.loss(), score.accuracy(), seconds, run.learningRate(), validation);
        history.add(result);
        seconds = 0;
        if (validation != null) {
            patience.observe(result.epoch(), validation.loss(), run);
        }
        audits.epoch(result, isOver());
        keep();
    }
}
