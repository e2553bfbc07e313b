package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SensitivityCommandTest {

    @TempDir
    static Path shared;

    private static SmallRun run = new SmallRun(Path.of(""), "");

    @BeforeAll
    static void train() throws IOException {
        run = SmallRun.in(shared);
    }

    private static JsonNode done(Object... line) throws IOException {
        CommandRun outcome = CommandRun.of(line);
        assertEquals(0, outcome.code(), outcome.err());
        return outcome.json();
    }

    @Test
    void aRowForEachLayerAndAColumnForEachSparsity() throws IOException {
        JsonNode json = done(
                "sensitivity",
                run.file("model.onnx"),
                "--data",
                run.data(),
                "--sparsities",
                "0,0.5,1",
                "--split",
                "test",
                "--json");
        assertEquals("accuracy", json.path("metric").asText());
        assertEquals("init", json.path("fill").asText());
        assertEquals(SmallRun.TEST, json.path("samples").asInt());
        assertEquals(3, json.path("sparsities").size());
        JsonNode eval = done("eval", run.file("model.onnx"), "--data", run.data(), "--runs", 10, "--json");
        assertEquals(eval.path("accuracy"), json.path("accuracy"));
        JsonNode layers = json.path("layers");
        assertEquals(2, layers.size());
        assertEquals("fc1.weight", layers.get(0).path("name").asText());
        assertEquals(784 * 24, layers.get(0).path("elements").asInt());
        assertEquals("fc2.weight", layers.get(1).path("name").asText());
        for (JsonNode layer : layers) {
            assertEquals(3, layer.path("values").size());
            assertEquals(json.path("accuracy"), layer.path("values").get(0), "nothing is pruned");
            assertTrue(layer.path("values").get(2).asDouble()
                    < layer.path("values").get(0).asDouble());
        }
        // all of fc1 back at its initial values is what 'prune' writes
        Path output = shared.resolve("fc1.onnx");
        JsonNode pruned = done(
                "prune",
                run.file("model.onnx"),
                "-o",
                output,
                "--sparsity",
                "1",
                "--include",
                "fc1.weight",
                "--fill",
                "init",
                "--data",
                run.data(),
                "--json");
        assertEquals(
                pruned.path("accuracy").path("after"),
                layers.get(0).path("values").get(2));
    }

    @Test
    void divergencesGrowFromZero() throws IOException {
        JsonNode onnx = done(
                "sensitivity",
                run.file("model.onnx"),
                "--data",
                run.data(),
                "--sparsities",
                "0,0.5,1",
                "--metric",
                "kl",
                "--fill",
                "zero",
                "--criterion",
                "magnitude",
                "--json");
        assertEquals(SmallRun.TRAIN / 6, onnx.path("samples").asInt());
        assertEquals("validation", onnx.path("split").asText());
        for (JsonNode layer : onnx.path("layers")) {
            JsonNode values = layer.path("values");
            assertEquals(0, values.get(0).asDouble());
            assertTrue(values.get(1).asDouble() > 0);
            assertTrue(values.get(2).asDouble() > values.get(1).asDouble());
        }
        JsonNode safetensors = done(
                "sensitivity",
                run.file("model.safetensors"),
                "--data",
                run.data(),
                "--sparsities",
                "0,0.5,1",
                "--metric",
                "kl",
                "--fill",
                "zero",
                "--criterion",
                "magnitude",
                "--json");
        assertEquals(onnx.path("layers"), safetensors.path("layers"));
        assertEquals(
                run.file("model.onnx").toString(),
                safetensors.path("scoredWith").asText());
    }

    @Test
    void peopleGetATable() {
        CommandRun text = CommandRun.of("sensitivity", run.file("model.onnx"), "--data", run.data());
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("accuracy on 500 validation images"), text.out());
        assertTrue(text.out().contains("0.95") && text.out().contains("fc2.weight"), text.out());
        CommandRun one = CommandRun.of(
                "sensitivity", run.file("model.onnx"), "--data", run.data(), "--exclude", "fc1*", "--metric", "kl");
        assertFalse(one.out().contains("fc1.weight"), one.out());
        assertTrue(one.out().contains("in nats"), one.out());
        CommandRun help = CommandRun.of("sensitivity", "--help");
        assertTrue(help.out().contains("Example: detinit sensitivity"), help.out());
    }

    @Test
    void wrongCommandLinesEndWithTwo() {
        for (List<Object> more : List.<List<Object>>of(
                List.of(),
                List.of("--data", run.data(), "--metric", "loss"),
                List.of("--data", run.data(), "--split", "train"),
                List.of("--data", run.data(), "--fill", "mean"),
                List.of("--data", run.data(), "--criterion", "luck"),
                List.of("--data", run.data(), "--sparsities", "50"),
                List.of("--data", run.data(), "--include", "conv*"))) {
            Object[] line = new Object[2 + more.size()];
            line[0] = "sensitivity";
            line[1] = run.file("model.onnx");
            for (int k = 0; k < more.size(); k++) {
                line[2 + k] = more.get(k);
            }
            CommandRun outcome = CommandRun.of(line);
            assertEquals(2, outcome.code(), more + ": " + outcome.err());
            assertTrue(!outcome.error().contains("bug"), outcome.err());
        }
    }
}
