package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code prune --storage regenerate} on real files. */
class RegenerateCommandTest {

    @TempDir
    Path folder;

    private static Path shared(String below) {
        Path path = Path.of("..", "..", "shared", below);
        assumeTrue(Files.exists(path), "no shared fixtures");
        return path;
    }

    private static List<Path> models(String below) throws IOException {
        try (Stream<Path> files = Files.walk(shared(below))) {
            return files.filter(file -> file.toString().endsWith(".onnx"))
                    .sorted()
                    .toList();
        }
    }

    private static long bytes(Path model) throws IOException {
        Path data = model.resolveSibling(model.getFileName() + ".data");
        return Files.size(model) + (Files.exists(data) ? Files.size(data) : 0);
    }

    private CommandRun prune(Path model, Path target, String storage) {
        return CommandRun.of(
                "prune",
                model,
                "-o",
                target,
                "--seed",
                42,
                "--sparsity",
                0.9,
                "--fill",
                "init",
                "--storage",
                storage,
                "--json",
                "--force");
    }

    /** The weights that the model computes; what it leaves dense has a reason. */
    private long regenerated(Path model, CommandRun run, Path dense, Path target) throws IOException {
        JsonNode json = run.json().path("regenerate");
        for (JsonNode tensor : json.path("tensors")) {
            assertTrue(tensor.has("positions") != !tensor.path("dense").asText().isEmpty(), model + ": " + tensor);
        }
        assertEquals(0, CommandRun.of("verify", dense, target).code(), model.toString());
        long weights = json.path("weights").asLong();
        if (weights > 0) {
            assertTrue(bytes(target) < bytes(dense), model.toString());
            CommandRun self = CommandRun.of("verify", dense, dense, "--random", 1, "--tolerance", 0, "--runs", 0);
            CommandRun verify = CommandRun.of("verify", dense, target, "--random", 2, "--tolerance", 0, "--runs", 0);
            // a model that does not run on the shapes that are made up does not run with other weights either
            assertEquals(self.code(), verify.code(), model + ": " + verify.out() + verify.err());
        }
        return weights;
    }

    @Test
    void everyRealModelShrinksWithEqualOutputsOrIsLeftDenseWithTheReason() throws IOException {
        Map<String, Long> weights = new TreeMap<>();
        List<Path> models = new ArrayList<>(models("fixtures/onnx"));
        models.addAll(models("fixtures/trained"));
        models.addAll(models("fixtures/onnx-external"));
        for (Path model : models) {
            Path own = Files.createTempDirectory(folder, "model");
            Path dense = own.resolve("dense.onnx");
            Path target = own.resolve("target.onnx");
            CommandRun stored = prune(model, dense, "dense");
            CommandRun computed = prune(model, target, "regenerate");
            assertEquals(stored.code(), computed.code(), model + ": " + computed.err());
            if (stored.code() == 0) {
                long count = regenerated(model, computed, dense, target);
                if (count > 0) {
                    weights.put(model.getFileName().toString(), count);
                }
            } else {
                assertTrue(stored.err().contains("nothing to prune") || stored.code() == 4, stored.err());
            }
        }
        assertEquals(
                new TreeMap<>(Map.ofEntries(
                        Map.entry("ACASXU_experimental_v2a_1_1.onnx", 13_000L),
                        Map.entry("attention_head.onnx", 30_000L),
                        Map.entry("cnn-torchdefault.folded.onnx", 8_992L),
                        Map.entry("cnn-torchdefault.onnx", 8_992L),
                        Map.entry("cntk-mnist.onnx", 5_760L),
                        Map.entry("mixed_data.onnx", 4_096L),
                        Map.entry("mlp-addressable.folded.onnx", 266_200L),
                        Map.entry("mlp-addressable.onnx", 266_200L),
                        Map.entry("mlp-torchdefault.folded.onnx", 266_200L),
                        Map.entry("mlp-torchdefault.onnx", 266_200L))),
                weights);
    }

    @Test
    void theFileIsAFifthAndTheAuditTheSame() throws IOException {
        Path model = shared("fixtures/trained/mlp-addressable.onnx");
        Path dense = folder.resolve("dense.onnx");
        Path target = folder.resolve("target.onnx");
        assertEquals(0, prune(model, dense, "dense").code());
        CommandRun run = prune(model, target, "regenerate");
        assertEquals(0, run.code(), run.err());
        assertTrue(Files.size(target) <= 0.2 * Files.size(dense));
        JsonNode json = run.json().path("regenerate");
        assertEquals(18, json.path("opset").asInt());
        assertEquals(13, json.path("opsetBefore").asInt());
        assertEquals(266_200, json.path("weights").asInt());
        JsonNode stored = CommandRun.of("audit", dense, "--json").json();
        JsonNode computed = CommandRun.of("audit", target, "--json").json();
        assertEquals(stored.path("total"), computed.path("total"));
        assertEquals(stored.path("tensors"), computed.path("tensors"));
    }

    @Test
    void whatItCannotBeAskedForIsAUsageError() throws IOException {
        Path model = shared("fixtures/trained/mlp-addressable.onnx");
        Path target = folder.resolve("target.onnx");
        CommandRun zero = CommandRun.of(
                "prune",
                model,
                "-o",
                target,
                "--seed",
                42,
                "--sparsity",
                0.9,
                "--fill",
                "zero",
                "--storage",
                "regenerate");
        assertEquals(2, zero.code());
        assertTrue(zero.err().contains("it takes --fill init, not zero"), zero.err());
        Path torch = shared("fixtures/trained/mlp-addressable.pt");
        CommandRun other = prune(torch, target, "regenerate");
        assertEquals(2, other.code());
        assertTrue(other.err().contains("--storage regenerate is for ONNX files"), other.err());
        assertFalse(Files.exists(target));
    }

    @Test
    void aReplayedBaselineIsLeftDenseWithTheReason() throws IOException {
        Path model = shared("fixtures/trained/mlp-torchdefault.onnx");
        Path target = folder.resolve("target.onnx");
        CommandRun run = CommandRun.of(
                "prune",
                model,
                "-o",
                target,
                "--torch-seed",
                42,
                "--sparsity",
                0.9,
                "--fill",
                "init",
                "--storage",
                "regenerate");
        assertEquals(0, run.code(), run.err());
        assertTrue(
                run.out().contains("left dense: all: its initial values are not computed from a seed and addresses"),
                run.out());
    }
}
