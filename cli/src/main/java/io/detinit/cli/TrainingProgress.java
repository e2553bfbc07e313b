package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.training.EpochResult;
import io.detinit.training.Score;
import io.detinit.training.TrainingListener;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TrainingWarning;
import java.util.function.LongSupplier;

/** Shows training on stderr. */
final class TrainingProgress implements TrainingListener {

    private static final int BAR = 30;

    private final Terminal terminal;
    private final StepClock clock;
    private int epochs;

    TrainingProgress(Terminal terminal) {
        this(terminal, System::nanoTime);
    }

    TrainingProgress(Terminal terminal, LongSupplier nanos) {
        this.terminal = terminal;
        this.clock = new StepClock(nanos);
    }

    @Override
    public void onStep(int epoch, int epochCount, int step, int steps) {
        epochs = epochCount;
        clock.step(epoch, epochCount, step, steps);
        double done = (epoch - 1 + (double) step / steps) / epochCount;
        int filled = (int) (BAR * done);
        terminal.progress(Text.format(
                "epoch %d/%d [%s%s] %3.0f %%%s",
                epoch, epochCount, "#".repeat(filled), ".".repeat(BAR - filled), 100 * done, clock.text()));
    }

    @Override
    public void onEpoch(EpochResult result) {
        Score validation = result.validation();
        terminal.line(Text.format(
                "epoch %d/%d  train loss %.4f%s  test loss %.4f  test accuracy %.4f  %.2f s",
                result.epoch(),
                epochs,
                result.trainLoss(),
                validation == null
                        ? ""
                        : Text.format(
                                "  validation loss %.4f  validation accuracy %.4f",
                                validation.loss(), validation.accuracy()),
                result.testLoss(),
                result.testAccuracy(),
                result.seconds()));
    }

    @Override
    public void onAudit(TimelinePoint point) {
        if (point.step() > 0) {
            terminal.line(TimelineText.line(point));
        }
        for (TrainingWarning warning : point.warnings()) {
            terminal.line("warning: " + warning.text());
        }
    }
}
