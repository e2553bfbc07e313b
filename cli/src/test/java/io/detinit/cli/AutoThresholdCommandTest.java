package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoThresholdCommandTest {

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
    void theRunCardHasAPredictionForEachLayer() throws IOException {
        JsonNode noise = new ObjectMapper()
                .readTree(Files.readAllBytes(run.file("run.json")))
                .path("noise");
        assertEquals("detinit-noise/1", noise.path("format").asText());
        assertEquals("random-walk/1", noise.path("formula").asText());
        assertEquals(8 * 94, noise.path("steps").asInt());
        assertTrue(noise.path("pairs").asInt() > 20, noise.toString());
        assertEquals(1, noise.path("decay").asDouble());
        assertEquals(4, noise.path("layers").size());
        for (JsonNode layer : noise.path("layers")) {
            assertTrue(layer.path("std").asDouble() > 1e-5, layer.toString());
            assertTrue(layer.path("std").asDouble() < 1, layer.toString());
        }
    }

    @Test
    void autoWorksOnEitherModelAlone() throws IOException {
        Path alone = shared.resolve("alone.onnx");
        Files.copy(run.file("model.onnx"), alone);
        JsonNode onnx = done("audit", alone, "--threshold", "auto", "--json");
        JsonNode safetensors = done("audit", run.file("model.safetensors"), "--threshold", "auto", "--json");
        assertEquals("auto", onnx.path("threshold").path("kind").asText());
        assertEquals(0.001, onnx.path("threshold").path("value").asDouble());
        assertEquals(onnx.path("total").path("moved"), safetensors.path("total").path("moved"));
        double share = onnx.path("total").path("movedPercent").asDouble();
        assertTrue(share > 5 && share < 90, share + " %");
        JsonNode layers = onnx.path("noise").path("layers");
        for (int k = 0; k < layers.size(); k++) {
            JsonNode limit = onnx.path("tensors").get(k).path("limits").get(0);
            assertEquals(3.2905267 * layers.get(k).path("std").asDouble(), limit.asDouble(), 1e-6 * limit.asDouble());
        }
        JsonNode strict =
                done("audit", alone, "--threshold", "auto", "--false-alarm", "1e-9", "--threshold", "0", "--json");
        assertTrue(strict.path("total").path("moved").asInt()
                < onnx.path("total").path("moved").asInt());
        JsonNode short_ = done("audit", alone, "--threshold", "auto:1e-9", "--json");
        assertEquals(strict.path("total").path("moved"), short_.path("total").path("moved"));
    }

    @Test
    void peopleReadWhatItIs() throws IOException {
        CommandRun text = CommandRun.of(
                "audit",
                run.file("model.onnx"),
                "--threshold",
                "auto",
                "--report",
                shared.resolve("auto.html"),
                "--report",
                shared.resolve("auto.csv"));
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("moved > noise, p 0.001"), text.out());
        assertTrue(text.out().contains("steps of sgd"), text.out());
        assertTrue(Files.readString(shared.resolve("auto.html")).contains("gradient noise alone"));
        assertTrue(Files.readString(shared.resolve("auto.csv")).contains("moved@auto:0.001"));
    }

    @Test
    void withoutARecordOneLineSaysWhatToDo() throws IOException {
        Path folder = shared.resolve("silent");
        CommandRun trained = CommandRun.of(
                "train",
                "--data",
                run.data(),
                "--seed",
                7,
                "--epochs",
                1,
                "--model",
                "mlp:784-8-10",
                "--threads",
                1,
                "--no-audit",
                "--no-noise",
                "-o",
                folder);
        assertEquals(0, trained.code(), trained.err());
        CommandRun refused = CommandRun.of("audit", folder.resolve("model.onnx"), "--threshold", "auto");
        assertEquals(2, refused.code());
        assertTrue(refused.error().contains("carries no noise record"), refused.err());
        for (List<String> more : List.of(
                List.of("--false-alarm", "0.01"),
                List.of("--threshold", "auto", "--false-alarm", "0"),
                List.of("--threshold", "auto:2"),
                List.of("--threshold", "automatic"))) {
            CommandRun wrong = CommandRun.of(java.util.stream.Stream.concat(
                            java.util.stream.Stream.of("audit", run.file("model.onnx")), more.stream())
                    .toArray());
            assertEquals(2, wrong.code(), more + ": " + wrong.err());
        }
        CommandRun early = CommandRun.of(
                "train", "--data", run.data(), "--seed", 7, "--threshold", "auto", "-o", shared.resolve("early"));
        assertEquals(2, early.code(), early.err());
        assertTrue(early.err().contains("noise record"), early.err());
    }

    @Test
    void theControlExperimentCounts() throws IOException {
        JsonNode json = done(
                "threshold-check",
                "--data",
                run.data(),
                "--seed",
                3,
                "--samples",
                2000,
                "--passes",
                1,
                "--noise-features",
                16,
                "--hidden",
                "8",
                "--labels",
                "true,shuffled",
                "--json");
        assertEquals(2, json.path("runs").size());
        assertEquals("shuffled", json.path("runs").get(1).path("labels").asText());
        JsonNode groups = json.path("runs").get(0).path("groups");
        assertEquals("noise", groups.get(0).path("kind").asText());
        assertEquals(8 * 16, groups.get(0).path("weights").asInt());
        assertEquals("dead", groups.get(1).path("kind").asText());
        assertEquals(0, groups.get(1).path("flagged").get(0).asDouble());
        assertEquals(3, groups.get(2).path("flagged").size());
    }
}
