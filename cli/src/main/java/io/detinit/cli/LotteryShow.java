package io.detinit.cli;

import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.Text;
import io.detinit.interop.mask.Mask;
import io.detinit.training.lottery.LotteryConfig;
import io.detinit.training.lottery.LotteryData;
import io.detinit.training.lottery.LotteryFolder;
import io.detinit.training.lottery.LotteryListener;
import io.detinit.training.lottery.LotteryProgress;
import io.detinit.training.lottery.RoundResult;
import java.io.IOException;
import java.util.Map;

/** Shows a lottery on stderr, and keeps its reports as new as its results. */
final class LotteryShow implements LotteryListener {

    private static final int BAR = 30;

    private final Terminal terminal;
    private final LotteryFolder folder;
    private final LotteryConfig config;
    private final LotteryData data;
    private final long start = System.nanoTime();
    private long trainingStart = start;

    LotteryShow(Terminal terminal, LotteryFolder folder, LotteryConfig config, LotteryData data) {
        this.terminal = terminal;
        this.folder = folder;
        this.config = config;
        this.data = data;
        int done = folder.results().size();
        if (done > 0) {
            terminal.line(HtmlText.count(done, "training") + " of " + folder.path() + " done before");
        }
    }

    @Override
    public void onStep(LotteryProgress progress) {
        double done = progress.fraction();
        double seconds = (System.nanoTime() - start) * 1e-9;
        int filled = (int) (BAR * done);
        terminal.progress(Text.format(
                "training %d/%d (seed %d, round %d, %s) [%s%s] %3.0f %%  %s left",
                progress.training(),
                progress.trainings(),
                progress.seed(),
                progress.round(),
                progress.variant().id(),
                "#".repeat(filled),
                ".".repeat(BAR - filled),
                100 * done,
                time(seconds / done - seconds)));
    }

    @Override
    public void onRound(RoundResult result, Map<String, Mask> masks) throws IOException {
        double seconds = (System.nanoTime() - trainingStart) * 1e-9;
        trainingStart = System.nanoTime();
        terminal.line(Text.format(
                "seed %d  round %d  %s  kept %s  early stop %,d  test accuracy %.4f  at the end %.4f  %.1f s",
                result.seed(),
                result.round(),
                result.variant().id(),
                Text.format("%.2f %%", 100 * result.density()),
                result.earlyStop().step(),
                result.earlyStop().test().accuracy(),
                result.end().test().accuracy(),
                seconds));
        new LotteryReports(config, data, folder.results()).write(folder.path());
    }

    /** Seconds, or minutes and hours where there are many. */
    static String time(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 120) {
            return whole + " s";
        }
        return whole < 7200 ? whole / 60 + " min" : Text.format("%d h %02d min", whole / 3600, whole / 60 % 60);
    }
}
