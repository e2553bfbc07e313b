package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.training.TrainingState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code train}, killed, interrupted and resumed. */
class TrainResumeTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EPOCHS = 3;
    private static String data = "";

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void images() throws IOException {
        data = SmallRun.data(shared, 640, 100);
    }

    private List<String> line(String name, Object... options) {
        List<String> line = new ArrayList<>(List.of("train", "--data", data, "--seed", "7", "--model", "mlp:784-8-10"));
        line.addAll(List.of("--batch", "32", "--device", "cpu", "--threads", "1", "--audit-steps", "7"));
        line.addAll(List.of("-o", folder.resolve(name).toString()));
        Arrays.stream(options).map(String::valueOf).forEach(line::add);
        if (!line.contains("--epochs")) {
            line.addAll(List.of("--epochs", String.valueOf(EPOCHS)));
        }
        return line;
    }

    private CommandRun train(String name, Object... options) {
        return CommandRun.of(line(name, options).toArray());
    }

    private Process start(List<String> line) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dai.djl.pytorch.num_threads=" + System.getProperty("ai.djl.pytorch.num_threads"), // as this JVM
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(line);
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Reads messages until a number of audits was reported. */
    private static void awaitAudits(BufferedReader messages, int audits) throws IOException {
        int seen = 0;
        List<String> all = new ArrayList<>();
        while (seen < audits) {
            String line = messages.readLine();
            assertTrue(line != null, "the process ended early: " + all);
            all.add(line);
            seen += line.startsWith("audit ") ? 1 : 0;
        }
    }

    private void assertSame(String expected, String actual) throws IOException {
        Path a = folder.resolve(expected);
        Path b = folder.resolve(actual);
        for (String file : List.of("model.safetensors", "model.onnx", "plan.json")) {
            assertEquals(-1, Files.mismatch(a.resolve(file), b.resolve(file)), file);
        }
        for (String file : List.of("history.jsonl", "timeline.jsonl")) {
            assertEquals(timeless(a.resolve(file)), timeless(b.resolve(file)), file);
        }
    }

    private static List<String> timeless(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> line.replaceAll("\"seconds\":[^,}]*", ""))
                .toList();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--optimizer sgd --momentum 0.9 --nesterov", "--optimizer adam --early-stop 2"})
    void killedAtARandomStepAndResumedEqualsNeverKilled(String text) throws Exception {
        long seed = Long.getLong("detinit.test.seed", System.nanoTime());
        Object[] options = text.split(" ");
        CommandRun never = train("never", options);
        assertEquals(0, never.code(), never.err());
        Random random = new Random(seed);
        Process process = start(line("killed", options));
        try (BufferedReader messages =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            awaitAudits(messages, 1 + random.nextInt(4));
            TimeUnit.MICROSECONDS.sleep(random.nextInt(3000));
            process.destroyForcibly().waitFor();
        }
        if (!Files.exists(folder.resolve("killed"))) {
            assertEquals(List.of("killed.partial", "never"), names(), "seed " + seed);
            CommandRun refused = train("killed", options);
            assertEquals(2, refused.code());
            assertTrue(refused.error().contains("holds an unfinished training; --resume goes on"), refused.err());
        }
        List<Object> again = new ArrayList<>(Arrays.asList(options));
        again.add("--resume");
        CommandRun resumed = train("killed", again.toArray());
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(resumed.err().contains("resuming after step "), resumed.err());
        assertEquals(List.of("killed", "never"), names(), "nothing is left beside the output");
        assertSame("never", "killed");
    }

    private void deleteFolder(String name) throws IOException {
        Path below = folder.resolve(name);
        if (Files.exists(below)) {
            try (Stream<Path> files = Files.walk(below)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Ctrl-C in the middle of an epoch: the step ends, its state is kept, the exit code is 130. */
    @Test
    void anInterruptedRunGoesOnFromTheStepItHadReached() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")) || Files.isExecutable(Path.of("/usr/bin/kill")));
        Object[] options = {"--optimizer", "adamw", "--schedule", "cosine", "--warmup", "0.5e", "--clip-norm", "1"};
        CommandRun never = train("never", options);
        assertEquals(0, never.code(), never.err());
        String rest = "";
        int code = ExitCode.DONE;
        for (int attempt = 0; attempt < 20 && code == ExitCode.DONE; attempt++) { // a signal may come after the end
            deleteFolder("stopped");
            Process process = start(line("stopped", options));
            try (BufferedReader messages =
                    new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
                awaitAudits(messages, 1);
                new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                        .start()
                        .waitFor();
                rest = String.join("\n", messages.lines().toList());
            }
            code = process.waitFor();
        }
        assertEquals(ExitCode.INTERRUPTED, code, rest);
        assertTrue(rest.contains("the same command with --resume goes on from there"), rest);
        long steps;
        try (TrainingState state =
                TrainingState.open(folder.resolve("stopped.partial").resolve(TrainingState.FILE))) {
            steps = state.steps();
        }
        assertTrue(rest.contains("stopped after step " + steps + " of 60"), rest);
        assertTrue(steps >= 7 && steps < 60, steps + " steps");
        List<Object> again = new ArrayList<>(Arrays.asList(options));
        again.add("--resume");
        CommandRun resumed = train("stopped", again.toArray());
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(resumed.err().contains("resuming after step " + steps), resumed.err());
        assertSame("never", "stopped");
    }

    @Test
    void aFinishedRunGoesOnWithMoreEpochs() throws IOException {
        assertEquals(0, train("long", "--momentum", 0.9).code());
        assertEquals(0, train("short", "--momentum", 0.9, "--epochs", 1).code());
        CommandRun resumed = train("short", "--momentum", 0.9, "--resume");
        assertEquals(0, resumed.code(), resumed.err());
        assertSame("long", "short");
        CommandRun nothing = train("short", "--momentum", 0.9, "--resume");
        assertEquals(0, nothing.code(), nothing.err());
        assertSame("long", "short");
    }

    @Test
    void wrongRequestsAreOneLine() throws IOException {
        CommandRun none = train("none", "--resume");
        assertEquals(4, none.code());
        assertTrue(none.error().contains("nothing to resume"), none.err());
        assertEquals(0, train("run", "--epochs", 1).code());
        CommandRun other = train("run", "--resume", "--epochs", 2, "--lr", 0.2);
        assertEquals(2, other.code());
        assertTrue(other.err().contains("begun with learningRate 0.1, not 0.2"), other.err());
        assertEquals(List.of("run"), names(), "a refused training leaves nothing");
        assertEquals(2, train("run", "--resume", "--force").code());
        assertEquals(2, train("x", "--warmup", "soon").code());
        assertEquals(2, train("x", "--schedule", "linear").code());
        assertEquals(2, train("x", "--early-stop", 0).code());
        assertEquals(2, train("x", "--min-delta", 0.1).code());
        assertEquals(2, train("x", "--validation", 1).code());
        assertEquals(2, train("x", "--nesterov").code());
        assertEquals(2, train("x", "--device", "gpu:0,0").code());
        Files.createDirectory(folder.resolve("mine.partial"));
        Files.writeString(folder.resolve("mine.partial").resolve("thesis.txt"), "mine");
        CommandRun refused = train("mine", "--force");
        assertEquals(2, refused.code());
        assertTrue(refused.error().contains("is no training's"), refused.err());
        assertEquals("mine", Files.readString(folder.resolve("mine.partial").resolve("thesis.txt")));
    }

    /** Everything that is needed to repeat the run. */
    @Test
    void theCardTheHistoryAndTheCheckpointSayHow() throws IOException {
        CommandRun run = train(
                "run",
                "--epochs",
                4,
                "--optimizer",
                "adamw",
                "--weight-decay",
                0.01,
                "--schedule",
                "step:2:0.5",
                "--warmup",
                "0.5e",
                "--clip-norm",
                2,
                "--label-smoothing",
                0.1,
                "--early-stop",
                3,
                "--min-delta",
                0.001,
                "--json");
        assertEquals(0, run.code(), run.err());
        Path output = folder.resolve("run");
        JsonNode card = JSON.readTree(output.resolve("run.json").toFile());
        JsonNode how = card.path("training");
        assertEquals("adamw", how.path("optimizer").asText());
        assertEquals(0.01, how.path("weightDecay").asDouble());
        assertEquals("step:2:0.5", how.path("schedule").asText());
        int kept = 640 - 640 / 6;
        assertEquals(640 / 6, how.path("held").asInt());
        int stepsInEpoch = (kept + 31) / 32;
        assertEquals(Math.round(0.5 * stepsInEpoch), how.path("warmupSteps").asInt());
        assertEquals(2, how.path("clipNorm").asDouble());
        assertEquals(0.1, how.path("labelSmoothing").asDouble());
        assertEquals(3, how.path("patience").asInt());
        assertEquals(0.001, how.path("minDelta").asDouble());
        assertTrue(how.path("threads").asInt() >= 1);
        assertEquals("cpu", how.path("deviceChoice").asText());
        assertEquals(64, card.path("data").path("trainSha256").asText().length());
        List<String> history = Files.readAllLines(output.resolve("history.jsonl"));
        JsonNode last = JSON.readTree(history.get(history.size() - 1));
        assertTrue(last.path("validationLoss").isDouble()
                && last.path("validationAccuracy").isDouble());
        assertEquals(
                0.001 * (history.size() > 2 ? 0.5 : 1),
                last.path("learningRate").asDouble(),
                1e-12);
        assertEquals(run.json().path("epoch"), card.path("result").path("epoch"));
        long checkpoint = Files.size(output.resolve(TrainingState.FILE));
        long model = Files.size(output.resolve("model.safetensors"));
        assertTrue(checkpoint > 3 * model && checkpoint < 5 * model, checkpoint + " and " + model);
        assertEquals(0, train("without", "--epochs", 1, "--no-checkpoint").code());
        assertFalse(Files.exists(folder.resolve("without").resolve(TrainingState.FILE)));
        assertEquals(List.of("run", "without"), names());
    }
}
