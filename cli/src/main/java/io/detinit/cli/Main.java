package io.detinit.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** The entry point of the {@code detinit} command. */
public final class Main {

    private Main() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = Detinit.run(args, out, err);
        out.flush();
        err.flush();
        // A reader that went away (head, less) is no reason to call the run a success
        System.exit(out.checkError() && code == ExitCode.DONE ? ExitCode.IO : code);
    }
}
