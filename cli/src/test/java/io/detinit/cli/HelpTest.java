package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The help of every command, as a process prints it: picocli warns past the streams that it is given. */
class HelpTest {

    /** Prints the help of all commands in a JVM of its own. */
    static final class Printer {

        private Printer() {}

        /**
         * Runs {@code COMMAND --help} for every command.
         *
         * @param args none
         */
        public static void main(String[] args) {
            PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
            PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
            for (List<String> path : paths(new CommandLine(new Detinit()), List.of())) {
                List<String> line = new ArrayList<>(path);
                line.add("--help");
                out.println("> " + String.join(" ", path) + " " + Detinit.run(line.toArray(String[]::new), out, err));
            }
        }
    }

    /** The root and every command below it. */
    private static List<List<String>> paths(CommandLine command, List<String> path) {
        List<List<String>> all = new ArrayList<>(List.of(path));
        command.getSubcommands().forEach((name, child) -> {
            List<String> below = new ArrayList<>(path);
            below.add(name);
            all.addAll(paths(child, below));
        });
        return all;
    }

    @Test
    void everyHelpIsPrintedWithoutAWarning() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Printer.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertEquals(
                List.of(),
                output.lines()
                        .filter(line -> line.contains("Could not format") || line.startsWith("[picocli"))
                        .toList());
        List<List<String>> paths = paths(new CommandLine(new Detinit()), List.of());
        assertTrue(paths.contains(List.of("lottery")), paths.toString());
        for (List<String> path : paths) {
            String name = String.join(" ", path);
            assertTrue(output.contains("> " + name + " 0\n"), name + " --help ended otherwise: " + output);
            assertTrue(output.contains(("Usage: detinit " + name).stripTrailing()), name);
        }
    }
}
