package io.detinit.cli;

/** The exit codes of the command; part of its contract. */
final class ExitCode {

    /** Done. */
    static final int DONE = 0;
    /** A gate failed: --fail-if, verify, --test-repro, a --max-drop that nothing meets, a transfer that is not whole. */
    static final int GATE = 1;
    /** The command line is wrong. */
    static final int USAGE = 2;
    /** The input is malformed or unsupported. */
    static final int MALFORMED = 3;
    /** Missing, unreadable, disk full. */
    static final int IO = 4;
    /** Stopped by Ctrl-C (SIGINT) in a state that can be resumed; after SIGTERM the JVM ends with 143. */
    static final int INTERRUPTED = 130;
    /** A bug. */
    static final int BUG = 70;

    private ExitCode() {}
}
