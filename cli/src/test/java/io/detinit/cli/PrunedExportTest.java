package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a training run through {@code export} and {@code prune} to ONNX Runtime and {@code audit}, whose counts are the report's. */
class PrunedExportTest {

    private static final int WEIGHTS = 784 * 24 + 24 * 10;
    private static final int BIASES = 24 + 10;

    @TempDir
    static Path shared;

    private static SmallRun run = new SmallRun(Path.of(""), "");
    private static Path exported = Path.of("");

    @TempDir
    Path folder;

    @BeforeAll
    static void exportARun() throws IOException {
        run = SmallRun.in(shared);
        exported = shared.resolve("exported.onnx");
        CommandRun outcome = CommandRun.of("export", run.folder(), "-o", exported);
        assertEquals(0, outcome.code(), outcome.err());
    }

    private static JsonNode json(Object... line) throws IOException {
        CommandRun outcome = CommandRun.of(line);
        assertEquals(0, outcome.code(), outcome.err());
        return outcome.json();
    }

    private JsonNode prune(Path output, String fill) throws IOException {
        JsonNode report = json(
                "prune", exported, "-o", output, "--sparsity", "0.75", "--fill", fill, "--data", run.data(), "--json");
        assertEquals(0.75, report.path("sparsity").asDouble());
        assertEquals(WEIGHTS, sum(report.path("tensors"), "elements"));
        assertEquals(WEIGHTS / 4, sum(report.path("tensors"), "kept"));
        assertEquals(Files.size(output), report.path("bytes").path("after").asLong());
        assertEquals(
                report.path("accuracy").path("after"),
                json("eval", output, "--data", run.data(), "--json").path("accuracy"));
        return report;
    }

    private static long sum(JsonNode tensors, String field) {
        long sum = 0;
        for (JsonNode tensor : tensors) {
            sum += tensor.path(field).asLong(-1);
        }
        return sum;
    }

    private static JsonNode tensor(JsonNode json, String name) {
        for (JsonNode tensor : json.path("tensors")) {
            if (tensor.path("name").asText().equals(name)) {
                return tensor;
            }
        }
        throw new AssertionError("no tensor " + name + " in " + json);
    }

    /** A model of one session, and what it makes of two images. */
    private static float[][] scores(Path model) throws OrtException {
        float[] images = new float[2 * 784];
        for (int k = 0; k < images.length; k++) {
            images[k] = (k * 37 % 101) / 100f;
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model.toString());
                OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), new long[] {2, 784});
                OrtSession.Result result =
                        session.run(Map.of(session.getInputNames().iterator().next(), input))) {
            return (float[][]) result.get(0).getValue();
        }
    }

    @Test
    void weightsBackAtTheirInitialValuesSleep() throws IOException, OrtException {
        Path output = folder.resolve("init.onnx");
        JsonNode report = prune(output, "init");
        float[][] scores = scores(output);
        assertEquals(2, scores.length);
        assertEquals(10, scores[1].length);

        JsonNode before = json("audit", exported, "--threshold", "0", "--json");
        JsonNode after = json("audit", output, "--threshold", "0", "--json");
        assertEquals("match", after.path("provenance").path("verdict").asText());
        long biases = 0;
        for (JsonNode audited : after.path("tensors")) {
            String name = audited.path("name").asText();
            if (name.endsWith(".bias")) {
                assertEquals(tensor(before, name), audited);
                biases += audited.path("moved").asLong();
                continue;
            }
            JsonNode pruned = tensor(report, name);
            assertEquals(pruned.path("elements"), audited.path("elements"), name);
            assertEquals(pruned.path("kept"), audited.path("moved"), name);
            assertEquals(
                    pruned.path("elements").asLong() - pruned.path("kept").asLong(),
                    audited.path("bitIdentical").asLong(),
                    name);
        }
        JsonNode total = after.path("total");
        assertEquals(WEIGHTS + BIASES, total.path("elements").asLong());
        assertEquals(
                sum(report.path("tensors"), "kept") + biases,
                total.path("moved").asLong());
        double moved = 100.0 * total.path("moved").asLong() / (WEIGHTS + BIASES);
        assertEquals(moved, total.path("movedPercent").asDouble(), 1e-9);
        assertEquals(100 - moved, total.path("sleepingPercent").asDouble(), 1e-9);
        assertTrue(total.path("moved").asLong()
                < before.path("total").path("moved").asLong());
    }

    @Test
    void zerosAreWhatDiffersFromTheUnprunedModel() throws IOException, OrtException {
        Path output = folder.resolve("zero.onnx");
        JsonNode report = prune(output, "zero");
        JsonNode audit = json("audit", output, "--init-file", exported, "--threshold", "0", "--json");
        assertEquals(WEIGHTS + BIASES, audit.path("total").path("elements").asLong());
        assertEquals(WEIGHTS * 3 / 4, audit.path("total").path("moved").asLong());
        for (JsonNode pruned : report.path("tensors")) {
            String name = pruned.path("name").asText();
            assertEquals(
                    pruned.path("elements").asLong() - pruned.path("kept").asLong(),
                    tensor(audit, name).path("moved").asLong(),
                    name);
        }
        assertEquals(
                report.path("tensors"),
                prune(folder.resolve("init.onnx"), "init").path("tensors"));

        // the same file, pruned where training wrote it
        Path direct = folder.resolve("direct.onnx");
        CommandRun outcome = CommandRun.of(
                "prune",
                run.file("model.onnx"),
                "-o",
                direct,
                "--sparsity",
                "0.75",
                "--fill",
                "zero",
                "--data",
                run.data());
        assertEquals(0, outcome.code(), outcome.err());
        assertArrayEquals(scores(output), scores(direct));
    }
}
