package io.detinit.cli;

import io.detinit.training.EpochResult;
import io.detinit.training.TrainingListener;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TrainingWarning;

/** Shows training on stderr. */
final class TrainingProgress implements TrainingListener {

    private static final int BAR = 30;

    private final Terminal terminal;
    private final long start = System.nanoTime();
    private int epochs;

    TrainingProgress(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void onStep(int epoch, int epochCount, int step, int steps) {
        epochs = epochCount;
        double done = (epoch - 1 + (double) step / steps) / epochCount;
        double seconds = (System.nanoTime() - start) * 1e-9;
        int filled = (int) (BAR * done);
        terminal.progress(Text.format(
                "epoch %d/%d [%s%s] %3.0f %%  %.0f s left",
                epoch, epochCount, "#".repeat(filled), ".".repeat(BAR - filled), 100 * done, seconds / done - seconds));
    }

    @Override
    public void onEpoch(EpochResult result) {
        terminal.line(Text.format(
                "epoch %d/%d  train loss %.4f  test loss %.4f  test accuracy %.4f  %.2f s",
                result.epoch(),
                epochs,
                result.trainLoss(),
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
