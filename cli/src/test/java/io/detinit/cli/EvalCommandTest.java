package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {

    private static final List<String> CONTRACT =
            List.of("model", "data", "samples", "accuracy", "loss", "latencyMs", "bytes");
    private static final List<String> ADDED = List.of("bytesGzip", "weights", "zeros", "zeroShare");

    @TempDir
    Path folder;

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> keys() {
        List<String> keys = new ArrayList<>(CONTRACT);
        keys.addAll(ADDED);
        return keys;
    }

    private static long gzip(Path file) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(out)) {
            stream.write(Files.readAllBytes(file));
        }
        return out.size();
    }

    @Test
    void oneModelKeepsTheKeysOfTheContract() throws IOException {
        Path model = VerifyEvalModels.linear(folder.resolve("m.onnx"), 100);
        JsonNode json = CommandRun.of("eval", model, "--data", "digits", "--runs", 20, "--json", "--threads", 1)
                .json();
        assertEquals(keys(), names(json));
        assertEquals(model.toString(), json.path("model").asText());
        assertEquals("digits", json.path("data").asText());
        assertEquals(4000, json.path("samples").asInt());
        assertTrue(json.path("accuracy").asDouble() > 0 && json.path("accuracy").asDouble() < 0.5, json.toString());
        assertTrue(json.path("loss").asDouble() > 0);
        assertTrue(json.path("latencyMs").path("median").asDouble()
                <= json.path("latencyMs").path("p99").asDouble());
        assertEquals(Files.size(model), json.path("bytes").asLong());
        assertEquals(gzip(model), json.path("bytesGzip").asLong());
        assertEquals(7840, json.path("weights").asLong());
        assertEquals(1000, json.path("zeros").asLong());
        assertEquals(1000 / 7840.0, json.path("zeroShare").asDouble());
    }

    @Test
    void severalModelsStandInOneTable() throws IOException {
        Path dense = VerifyEvalModels.linear(folder.resolve("dense.onnx"), 0);
        Path pruned = VerifyEvalModels.external(folder.resolve("pruned.onnx"), 600);
        JsonNode models = CommandRun.of("eval", dense, pruned, "--data", "digits", "--runs", 20, "--json")
                .json()
                .path("models");
        assertEquals(2, models.size());
        for (JsonNode model : models) {
            assertEquals(keys(), names(model));
        }
        Path data = folder.resolve("pruned.onnx.data");
        assertEquals(
                Files.size(pruned) + Files.size(data),
                models.get(1).path("bytes").asLong());
        assertEquals(gzip(pruned) + gzip(data), models.get(1).path("bytesGzip").asLong());
        assertEquals(6000, models.get(1).path("zeros").asLong());
        assertEquals(0, models.get(0).path("zeros").asLong());
        JsonNode alone = CommandRun.of("eval", pruned, "--data", "digits", "--runs", 20, "--json")
                .json();
        assertEquals(alone.path("accuracy"), models.get(1).path("accuracy"));
        CommandRun text = CommandRun.of("eval", dense, pruned, "--data", "digits", "--runs", 20);
        assertEquals(0, text.code(), text.err());
        List<String> lines = text.out().lines().toList();
        assertTrue(lines.get(0).contains("gzip bytes") && lines.get(0).contains("p99 ms"), text.out());
        assertTrue(lines.get(2).startsWith(dense.toString()), text.out());
        assertTrue(lines.get(3).startsWith(pruned.toString()), text.out());
        assertTrue(lines.get(lines.size() - 1).startsWith("Zeros alone give no speed in ONNX Runtime"), text.out());
        assertTrue(text.err().contains("timed 20 runs"), text.err());
    }

    @Test
    void withoutDataLatencyAndSizeAreReported() throws IOException {
        Path model = VerifyEvalModels.two(folder.resolve("two.onnx"), 2);
        JsonNode json = CommandRun.of(
                        "eval", model, "--runs", 5, "--shape", "x=4,3", "--shape", "n=7", "--input-seed", 9, "--json")
                .json();
        assertTrue(json.path("accuracy").isNull() && json.path("data").isNull(), json.toString());
        assertTrue(json.path("samples").isNull() && json.path("loss").isNull(), json.toString());
        assertTrue(json.path("latencyMs").path("median").asDouble() > 0, json.toString());
        assertEquals(9, json.path("inputs").path("seed").asLong());
        assertEquals(Files.size(model), json.path("bytes").asLong());
        JsonNode two =
                CommandRun.of("eval", model, model, "--runs", 5, "--json").json();
        assertEquals(2, two.path("models").size());
        assertTrue(CommandRun.of("eval", model, "--runs", 5).out().contains(" - "), "no accuracy");
    }

    @Test
    void errorsAreOneLine() throws IOException {
        Path linear = VerifyEvalModels.linear(folder.resolve("m.onnx"), 0);
        Path two = VerifyEvalModels.two(folder.resolve("two.onnx"), 2);
        String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        byte[] safetensors = new byte[8 + header.length() + 4];
        safetensors[0] = (byte) header.length();
        System.arraycopy(header.getBytes(StandardCharsets.UTF_8), 0, safetensors, 8, header.length());
        Path other = Files.write(folder.resolve("m.safetensors"), safetensors);
        Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
        CommandRun format = CommandRun.of("eval", other, "--data", "digits");
        assertEquals(2, format.code());
        assertEquals(
                "detinit: eval runs ONNX files; " + other + " is safetensors",
                format.error().strip());
        assertEquals(
                4,
                CommandRun.of("eval", folder.resolve("none.onnx"), "--data", "digits")
                        .code());
        CommandRun malformed = CommandRun.of("eval", junk, "--data", "digits");
        assertEquals(3, malformed.code());
        assertTrue(malformed.error().contains("junk.onnx"), malformed.err());
        CommandRun inputs = CommandRun.of("eval", two, "--data", "digits");
        assertEquals(3, inputs.code());
        assertTrue(inputs.error().contains("[x, n]"), inputs.err());
        for (Object[] line : new Object[][] {
            {"eval"},
            {"eval", linear, "--runs", 0},
            {"eval", linear, "--normalize", "none"},
            {"eval", linear, "--shape", "x=1,a"},
            {"eval", linear, "--shape", "x=1,785"},
            {"eval", linear, "--shape", "y=1"},
            {"eval", linear, "--max-integer", "-1"}
        }) {
            CommandRun run = CommandRun.of(line);
            assertEquals(2, run.code(), List.of(line) + run.err());
            assertFalse(run.err().contains("\tat "), run.err());
        }
    }
}
