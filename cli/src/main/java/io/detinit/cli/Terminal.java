package io.detinit.cli;

import java.io.PrintWriter;

/**
 * Messages and progress on stderr. On a terminal the last line is redrawn; elsewhere each line stands. Not thread-safe.
 */
final class Terminal {

    private static final long REDRAW_NANOS = 100_000_000;

    private final PrintWriter err;
    private final boolean redraw;
    private long lastDraw;
    private boolean dirty;

    Terminal(PrintWriter err, boolean redraw) {
        this.err = err;
        this.redraw = redraw;
    }

    /** The launcher says whether stderr is a terminal; a JVM cannot tell stderr from stdout. */
    static Terminal of(PrintWriter err, Detinit root) {
        return new Terminal(err, Boolean.getBoolean("detinit.stderr.tty") && !root.noColor);
    }

    /** Whether data on stdout may be coloured: it goes to a terminal and nobody said no. */
    static boolean colours(Detinit root) {
        return Boolean.getBoolean("detinit.stdout.tty") && !root.noColor && System.getenv("NO_COLOR") == null;
    }

    /** A line that will be overwritten; shown on terminals only, ten times a second at most. */
    void progress(String text) {
        long now = System.nanoTime();
        if (redraw && now - lastDraw > REDRAW_NANOS) {
            err.print("\r\u001b[K" + text);
            err.flush();
            lastDraw = now;
            dirty = true;
        }
    }

    /** A line that stays. */
    void line(String text) {
        if (dirty) {
            err.print("\r\u001b[K");
            dirty = false;
        }
        err.println(text);
    }
}
