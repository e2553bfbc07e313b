package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.interop.onnx.OnnxCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code prune --remove-dead} and {@code --structured}, from a trained model to the smaller one, and training that goes on. */
class RemoveDeadCommandTest {

    @TempDir
    static Path shared;

    private static SmallRun run = new SmallRun(Path.of(""), "");

    @TempDir
    Path folder;

    @BeforeAll
    static void train() throws IOException {
        run = SmallRun.in(shared);
    }

    private CommandRun structured(Path output, Object... more) {
        Object[] line = {"prune", run.file("model.onnx"), "-o", output, "--structured", "units"};
        Object[] all = java.util.Arrays.copyOf(line, line.length + more.length);
        System.arraycopy(more, 0, all, line.length, more.length);
        return CommandRun.of(all);
    }

    private static String shape(Path model, String name) throws IOException {
        try (OnnxCheckpoint open = OnnxCheckpoint.open(model)) {
            return open.find(name).orElseThrow().info().shape().toString();
        }
    }

    @Test
    void halfTheUnitsAndTrainingGoesOn() throws IOException {
        Path small = folder.resolve("small.onnx");
        CommandRun outcome = structured(
                small,
                "--sparsity",
                0.5,
                "--fill",
                "zero",
                "--keep-inputs",
                "--latency-runs",
                3,
                "--data",
                run.data(),
                "--json");
        assertEquals(0, outcome.code(), outcome.err());
        JsonNode json = outcome.json();
        JsonNode dead = json.path("removeDead");
        assertTrue(dead.path("shrunk").asBoolean());
        assertEquals(24, dead.path("structured").path("units").asInt());
        assertEquals(12, dead.path("structured").path("chosen").asInt());
        assertEquals(12, dead.path("layers").path(0).path("after").asInt());
        assertEquals(784 * 24 + 240, dead.path("macs").path("before").asInt());
        assertEquals(784 * 12 + 120, dead.path("macs").path("after").asInt());
        assertEquals(785 * 12 + 130, dead.path("parameters").path("after").asInt());
        assertTrue(dead.path("proof").path("maxRelativeDifference").asDouble(1) < 1e-5);
        assertTrue(dead.path("proof").path("calibrationSamples").asInt() > 0);
        assertEquals(64, dead.path("latencyMs").path("batch").asInt());
        assertTrue(dead.path("latencyMs").path("ratio").asDouble() > 0);
        assertEquals(Files.size(small), json.path("bytes").path("after").asLong());
        assertEquals("[12, 784]", shape(small, "fc1.weight"));
        double pruned = json.path("accuracy").path("after").asDouble();
        JsonNode eval = CommandRun.of("eval", small, "--data", run.data(), "--runs", 2, "--json")
                .json();
        assertEquals(eval.path("accuracy").asDouble(), pruned);
        assertFalse(
                CommandRun.of("inspect", small, "--json").json().path("plan").isObject(), "its shapes fit no longer");

        Path masks = folder.resolve("keep.safetensors");
        outcome = CommandRun.of("mask", small, "--seed", 7, "--criterion", "magnitude", "--sparsity", 0.3, "-o", masks);
        assertEquals(0, outcome.code(), outcome.err());
        outcome = CommandRun.of(
                "train",
                "--from",
                small,
                "--masks",
                masks,
                "--model",
                "mlp:784-12-10",
                "--data",
                run.data(),
                "--seed",
                7,
                "--epochs",
                2,
                "--batch",
                32,
                "--threads",
                1,
                "--no-audit",
                "-o",
                folder.resolve("again"),
                "--json");
        assertEquals(0, outcome.code(), outcome.err());
        eval = CommandRun.of("eval", folder.resolve("again").resolve("model.onnx"), "--data", run.data(), "--json")
                .json();
        assertTrue(eval.path("accuracy").asDouble() > pruned, eval + " after " + pruned);
    }

    @Test
    void deadInputsOfATrainedModel() throws IOException {
        Path small = folder.resolve("small.onnx");
        CommandRun outcome = CommandRun.of(
                "prune",
                run.file("model.onnx"),
                "-o",
                small,
                "--remove-dead",
                "--latency-runs",
                0,
                "--data",
                run.data());
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().contains("left alone: inputs of"), outcome.out());
        assertTrue(outcome.out().contains("nothing dead was found"), outcome.out());
        assertEquals("[24, 784]", shape(small, "fc1.weight"));
    }

    @Test
    void sparseStorageOfTheSmallerModel() throws IOException {
        Path small = folder.resolve("small.onnx");
        CommandRun outcome = CommandRun.of(
                "prune",
                run.file("model.onnx"),
                "-o",
                small,
                "--remove-dead",
                "--sparsity",
                0.9,
                "--fill",
                "zero",
                "--storage",
                "sparse",
                "--latency-runs",
                0,
                "--json");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(1, outcome.json().path("sparseInitializers").asInt());
    }

    /** A certificate that does not hold, since an activation is infinite, is found out before anything is written. */
    @Test
    void otherOutputsAreExitCodeOne() throws IOException {
        Path model = VerifyEvalModels.overflowing(folder.resolve("overflow.onnx"));
        Path output = folder.resolve("no.onnx");
        CommandRun outcome = CommandRun.of("prune", model, "-o", output, "--remove-dead", "--latency-runs", 0);
        assertEquals(1, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("gives other outputs"), outcome.err());
        assertTrue(outcome.err().contains("nothing was written"), outcome.err());
        assertFalse(Files.exists(output));
    }

    @Test
    void whatDoesNotGoTogether() {
        Path output = folder.resolve("no.onnx");
        CommandRun outcome = structured(output, "--sparsity", 0.5, "--fill", "init");
        assertEquals(2, outcome.code());
        assertTrue(outcome.err().contains("still answers its inputs"), outcome.err());
        assertEquals(2, structured(output, "--threshold", 0.1, "--fill", "zero").code());
        assertEquals(
                2,
                structured(output, "--sparsity", 0.5, "--criterion", "random", "--fill", "zero")
                        .code());
        assertEquals(2, structured(output, "--sparsity", 0.5).code());
        outcome = CommandRun.of(
                "prune", run.file("model.safetensors"), "-o", folder.resolve("no.safetensors"), "--remove-dead");
        assertEquals(2, outcome.code());
        assertTrue(outcome.err().contains("safetensors"), outcome.err());
        outcome = CommandRun.of("prune", run.file("model.onnx"), "-o", output, "--sparsity", 0.5);
        assertEquals(2, outcome.code());
        assertTrue(outcome.err().contains("--fill"), outcome.err());
        assertFalse(Files.exists(output));
    }
}
