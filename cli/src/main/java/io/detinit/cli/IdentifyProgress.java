package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.interop.identify.SeedProgress;

/** Shows a search for seeds on stderr. Safe for a search, which calls it from one thread at a time. */
final class IdentifyProgress implements SeedProgress {

    private static final int BAR = 30;

    private final Terminal terminal;
    private final String what;
    private final long start = System.nanoTime();

    IdentifyProgress(Terminal terminal, String what) {
        this.terminal = terminal;
        this.what = what;
    }

    @Override
    public void tried(long done, long of) {
        double share = (double) done / of;
        double seconds = seconds();
        int filled = (int) (BAR * share);
        terminal.progress(Text.format(
                "%s [%s%s] %3.0f %%  %,.0f a second  %.0f s left",
                what,
                "#".repeat(filled),
                ".".repeat(BAR - filled),
                100 * share,
                done / seconds,
                seconds / share - seconds));
    }

    /** Replaces the bar by a line that stays. */
    void done(long tried) {
        terminal.line(Text.format("tried %,d %s in %.2f s", tried, what, seconds()));
    }

    private double seconds() {
        return (System.nanoTime() - start) * 1e-9;
    }
}
