package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.budget.SearchPoint;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.Score;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pruning within a budget of accuracy, from the command line to the file. */
class PruneCommandTest {

    private static final int WEIGHTS = 784 * 24 + 24 * 10;

    @TempDir
    static Path shared;

    private static SmallRun run = new SmallRun(Path.of(""), "");

    @TempDir
    Path folder;

    @BeforeAll
    static void train() throws IOException {
        run = SmallRun.in(shared);
    }

    private Path path(String name) {
        return folder.resolve(name);
    }

    private static float[] weights(Path file, String name) throws IOException {
        try (Checkpoint open = Checkpoints.open(file)) {
            TensorView tensor = open.find(name).orElseThrow();
            float[] values = new float[(int) tensor.info().shape().elements()];
            tensor.readFloats(0, values, 0, values.length);
            return values;
        }
    }

    private CommandRun within(Path input, Path output, Object... more) {
        Object[] line = {"prune", input, "-o", output, "--max-drop", "0.01", "--data", run.data()};
        Object[] all = Arrays.copyOf(line, line.length + more.length);
        System.arraycopy(more, 0, all, line.length, more.length);
        return CommandRun.of(all);
    }

    @Test
    void theLargestSparsityWithinABudget() throws IOException {
        Path output = path("p.onnx");
        CommandRun outcome = within(run.file("model.onnx"), output, "--fill", "init", "--json");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("the last 500 of 3,000 training images"), outcome.err());
        JsonNode json = outcome.json();
        assertEquals(output.toString(), json.path("output").asText());
        assertEquals("movement", json.path("criterion").asText());
        assertEquals(0.01, json.path("maxDrop").asDouble());
        double sparsity = json.path("sparsity").asDouble();
        assertTrue(sparsity > 0.1 && sparsity < 1, "sparsity " + sparsity);
        double dense = json.path("validation").path("before").asDouble();
        double kept = json.path("validation").path("after").asDouble();
        assertTrue(Math.round((dense - kept) * 500) <= 5, dense + " to " + kept);
        double step = 1.0 / 4096;
        boolean above = false;
        for (JsonNode point : json.path("searched")) {
            double tried = point.path("sparsity").asDouble();
            boolean fits = Math.round((dense - point.path("accuracy").asDouble()) * 500) <= 5;
            assertEquals(fits, point.path("within").asBoolean());
            above |= !fits && Math.abs(tried - sparsity - step) < 2.0 / WEIGHTS;
        }
        assertTrue(above, "the next step was tried and is beyond the budget: " + json.path("searched"));
        assertTrue(json.path("searched").size() <= 13);
        double before = json.path("accuracy").path("before").asDouble();
        double after = json.path("accuracy").path("after").asDouble();
        assertEquals(
                Math.round((before - after) * SmallRun.TEST) <= 6,
                json.path("confirmed").asBoolean());
        JsonNode eval = CommandRun.of("eval", output, "--data", run.data(), "--runs", 10, "--json")
                .json();
        assertEquals(eval.path("accuracy").asDouble(), after);
        assertEquals(SmallRun.TEST, eval.path("samples").asInt());

        Path again = path("again.onnx");
        JsonNode fixed = CommandRun.of(
                        "prune",
                        run.file("model.onnx"),
                        "-o",
                        again,
                        "--sparsity",
                        sparsity,
                        "--fill",
                        "init",
                        "--json")
                .json();
        assertEquals(sparsity, fixed.path("sparsity").asDouble());
        assertFalse(fixed.has("searched") || fixed.has("maxDrop") || fixed.has("confirmed"));
        assertTrue(fixed.path("accuracy").path("before").isNull());
        assertArrayEquals(weights(again, "fc1.weight"), weights(output, "fc1.weight"));
        try (Checkpoint written = Checkpoints.open(output)) {
            JsonNode record = new ObjectMapper().readTree(written.metadata().get("detinit.prune"));
            assertEquals(0.01, record.path("maxDrop").asDouble());
            assertEquals("mnist", record.path("data").asText(), "no path of this machine");
            assertEquals("init", record.path("fill").asText());
            assertEquals("movement", record.path("criterion").asText());
            assertEquals(7, record.path("seed").asLong());
            assertEquals(sparsity, record.path("sparsity").asDouble(), 2.0 / WEIGHTS);
        }
    }

    @Test
    void anotherFormatIsScoredThroughTheOnnxModelBesideIt() throws IOException {
        CommandRun onnx = within(run.file("model.onnx"), path("a.onnx"), "--fill", "init_or_zero", "--json");
        CommandRun outcome =
                within(run.file("model.safetensors"), path("a.safetensors"), "--fill", "init_or_zero", "--json");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("scoring with " + run.file("model.onnx")), outcome.err());
        JsonNode json = outcome.json();
        assertEquals(run.file("model.onnx").toString(), json.path("scoredWith").asText());
        for (String field : List.of("sparsity", "validation", "accuracy", "searched", "confirmed")) {
            assertEquals(onnx.json().path(field), json.path(field), field);
        }
        assertFalse(onnx.json().has("scoredWith"));
        assertArrayEquals(weights(path("a.onnx"), "fc1.weight"), weights(path("a.safetensors"), "fc1.weight"));

        Path alone = Files.copy(run.file("model.safetensors"), path("alone.safetensors"));
        CommandRun unscored = within(alone, path("b.safetensors"), "--fill", "zero");
        assertEquals(2, unscored.code());
        assertTrue(unscored.error().contains("--score-with M.onnx"), unscored.err());
        CommandRun text = within(
                alone,
                path("b.safetensors"),
                "--fill",
                "zero",
                "--scope",
                "layer",
                "--criterion",
                "magnitude",
                "--score-with",
                run.file("model.onnx"));
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("sparsity tried") && text.out().contains("--max-drop 0.01: "), text.out());
        assertTrue(text.out().contains("confirmed, the test part lost "), text.out());
        CommandRun other = CommandRun.of(
                "prune",
                path("b.safetensors"),
                "-o",
                path("c.safetensors"),
                "--sparsity",
                "0.9",
                "--fill",
                "zero",
                "--data",
                run.data(),
                "--score-with",
                run.file("model.onnx"));
        assertEquals(3, other.code(), "b has other weights than model.onnx");
        assertTrue(other.error().contains("it must be the same model"), other.err());
        assertFalse(Files.exists(path("c.safetensors")));
    }

    /** Going "back" to enormous values ruins the model with the first weight. */
    @Test
    void aBudgetThatNothingMeetsEndsWithOneAndWritesNothing() throws IOException {
        Path hostile = path("hostile.onnx");
        try (Checkpoint model = Checkpoints.open(run.file("model.onnx"))) {
            TensorInfo info = model.find("fc2.weight").orElseThrow().info();
            float[] huge = new float[240];
            Arrays.fill(huge, 1e6f);
            model.rewrite(hostile, Map.of("fc2.weight", ArrayTensor.of("fc2.weight", info.shape(), huge)), Map.of());
        }
        Path output = path("never.onnx");
        Object[] more = {"--include", "fc2.weight", "--criterion", "magnitude", "--fill", "init", "--init-file", hostile
        };
        CommandRun outcome = within(run.file("model.onnx"), output, more);
        assertEquals(1, outcome.code(), outcome.err());
        assertFalse(Files.exists(output));
        assertTrue(outcome.err().contains("no sparsity above 0"), outcome.err());
        Object[] withJson = Arrays.copyOf(more, more.length + 1);
        withJson[more.length] = "--json";
        CommandRun machine = within(run.file("model.onnx"), output, withJson);
        assertEquals(1, machine.code());
        JsonNode json = machine.json();
        assertTrue(json.path("output").isNull()
                && json.path("validation").path("after").isNull());
        assertEquals(0, json.path("sparsity").asDouble());
        JsonNode searched = json.path("searched");
        assertEquals(
                1.0 / 240, searched.get(searched.size() - 1).path("sparsity").asDouble(), 1e-12);
        searched.forEach(point -> assertFalse(point.path("within").asBoolean()));
        assertFalse(Files.exists(output));
        try (var left = Files.list(folder)) {
            assertEquals(List.of(hostile), left.toList(), "no temporary file is left");
        }
    }

    /** Magnitudes and zeros need no initial weights, whatever the format. */
    @Test
    void magnitudeAndZerosNeedNoPlan() throws IOException {
        TensorShape shape = TensorShape.of(10, 20);
        float[] w = new float[200];
        for (int k = 0; k < w.length; k++) {
            w[k] = (k % 2 == 0 ? 1 : -1) * (k + 1);
        }
        Path plain = path("plain.safetensors");
        SafetensorsWriter.write(plain, List.of(ArrayTensor.of("w", shape, w)), Map.of());
        Path output = path("p.safetensors");
        assertEquals(0, prune(plain, output, "magnitude", "zero").code());
        float[] pruned = weights(output, "w");
        for (int k = 0; k < 200; k++) {
            assertEquals(k < 100 ? 0 : w[k], pruned[k]);
        }
        for (List<String> needing : List.of(List.of("movement", "zero"), List.of("magnitude", "init"))) {
            CommandRun refused = prune(plain, path("x"), needing.get(0), needing.get(1));
            assertEquals(2, refused.code());
            assertTrue(refused.error().contains("carries no plan"), refused.err());
        }
        Path onnx = path("plain.onnx");
        try (Checkpoint model = Checkpoints.open(run.file("model.onnx"))) {
            model.rewrite(onnx, Map.of(), Map.of(Checkpoint.PLAN_KEY, ""));
        }
        byte[] bytes = Files.readAllBytes(onnx);
        String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
                .replace(Checkpoint.PLAN_KEY, "detinit.none");
        Files.write(onnx, text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        CommandRun outcome = prune(onnx, path("p.onnx"), "magnitude", "zero");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(
                WEIGHTS / 2,
                zeros(weights(path("p.onnx"), "fc1.weight")) + zeros(weights(path("p.onnx"), "fc2.weight")));
        assertEquals(2, prune(onnx, path("x"), "movement", "zero").code());
        assertFalse(Files.exists(path("x")));
    }

    @Test
    void aPytorchFileNeedsNoPlanEither() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (root != null && !Files.isDirectory(root.resolveSibling("shared"))) {
            root = root.getParent();
        }
        assumeTrue(root != null, "no folder 'shared' beside the repository");
        Path file = root.resolveSibling("shared").resolve("fixtures/trained/mlp-torchdefault.pt");
        assumeTrue(Files.exists(file), "no fixture");
        CommandRun outcome = prune(file, path("p.pt"), "magnitude", "zero");
        assertEquals(0, outcome.code(), outcome.err());
        try (Checkpoint before = Checkpoints.open(file);
                Checkpoint after = Checkpoints.open(path("p.pt"))) {
            long elements = 0;
            long zeros = 0;
            for (TensorView tensor : before.tensors()) {
                if (tensor.info().shape().rank() >= 2) {
                    elements += tensor.info().shape().elements();
                    zeros += zeros(weights(after.path(), tensor.info().name()));
                }
            }
            assertTrue(elements > 0);
            assertEquals(Math.round(0.5 * elements), zeros);
        }
    }

    /** The budget was met on the validation part and is not on the test part: that is said, and it is no error. */
    @Test
    void aTestPartThatLosesMoreIsNotConfirmed() {
        SearchPoint point = new SearchPoint(0.5, 0.5, 0.9867, 0.001, true);
        SearchResult search =
                new SearchResult(0.001, 0.9877, Optional.of(new SearchResult.Found(point, Map.of())), List.of(point));
        PruneReport report = new PruneReport(List.of(new PruneReport.PrunedEntry("w", 10, 5)), Optional.empty());
        for (double after : new double[] {0.9730, 0.9733}) {
            PruneOutcome outcome = new PruneOutcome(
                    report,
                    100,
                    90,
                    Optional.of(search),
                    new Score(10_000, 0.9743, 0.1, false),
                    new Score(10_000, after, 0.1, false),
                    "",
                    OptionalInt.of(3));
            boolean confirmed = after == 0.9733;
            ObjectNode json = new ObjectMapper().createObjectNode();
            PruneTexts.put(json, outcome);
            assertEquals(confirmed, json.path("confirmed").asBoolean());
            assertEquals(3, json.path("sparseInitializers").asInt());
            StringWriter text = new StringWriter();
            PruneTexts.print(new PrintWriter(text), outcome, "sparse");
            String expected = confirmed ? "confirmed, the test part lost 0.0010" : "the test part lost more: 0.0013";
            assertTrue(text.toString().contains(expected), text.toString());
            assertEquals(!confirmed, text.toString().contains("not confirmed"));
            assertTrue(text.toString().contains("bytes 100 -> 90 (sparse, 3 sparse initializers)"), text.toString());
        }
    }

    private static long zeros(float[] values) {
        long zeros = 0;
        for (float value : values) {
            zeros += value == 0 ? 1 : 0;
        }
        return zeros;
    }

    private static CommandRun prune(Path input, Path output, String criterion, String fill) {
        return CommandRun.of(
                "prune", input, "-o", output, "--sparsity", "0.5", "--criterion", criterion, "--fill", fill);
    }

    @Test
    void wrongBudgetsEndWithTwo() {
        Path model = run.file("model.onnx");
        Path output = path("p.onnx");
        for (List<Object> more : List.<List<Object>>of(
                List.of("--max-drop", "0.01"),
                List.of("--max-drop", "1.5", "--data", run.data()),
                List.of("--max-drop", "-0.1", "--data", run.data()),
                List.of("--max-drop", "0.01", "--data", run.data(), "--sparsity", "0.5"),
                List.of("--max-drop", "0.01", "--data", run.data(), "--threshold", "0.5"),
                List.of("--max-drop", "0.01", "--data", run.data(), "--masks", model),
                List.of("--max-drop", "0.01", "--data", run.data(), "--criterion", "luck"),
                List.of("--sparsity", "0.5", "--score-with", model),
                List.of("--sparsity", "0.5", "--normalize", "none"),
                List.of("--sparsity", "0.5", "--storage", "zipped"),
                List.of())) {
            Object[] line = {"prune", model, "-o", output, "--fill", "init"};
            Object[] all = Arrays.copyOf(line, line.length + more.size());
            for (int k = 0; k < more.size(); k++) {
                all[line.length + k] = more.get(k);
            }
            CommandRun outcome = CommandRun.of(all);
            assertEquals(2, outcome.code(), more + ": " + outcome.err());
            assertEquals("", outcome.out());
            assertTrue(outcome.err().startsWith("detinit: "), outcome.err());
            assertFalse(Files.exists(output));
        }
    }

    @Test
    void masksAndDeltasTakeABudgetToo() throws IOException {
        Path model = run.file("model.safetensors");
        CommandRun pruned = within(model, path("p.safetensors"), "--fill", "init", "--json");
        double sparsity = pruned.json().path("sparsity").asDouble();
        CommandRun packed = CommandRun.of(
                "delta", "pack", model, "-o", path("d.delta"), "--max-drop", "0.01", "--data", run.data(), "--json");
        assertEquals(0, packed.code(), packed.err());
        assertEquals(
                WEIGHTS - Math.round(sparsity * WEIGHTS),
                packed.json().path("kept").asLong());

        Path masks = path("m.safetensors");
        CommandRun masked = CommandRun.of(
                "mask", model, "-o", masks, "--max-drop", "0.01", "--data", run.data(), "--fill", "init", "--json");
        assertEquals(0, masked.code(), masked.err());
        CommandRun same = CommandRun.of(
                "prune", model, "-o", path("q.safetensors"), "--masks", masks, "--fill", "init", "--json");
        assertEquals(sparsity, same.json().path("sparsity").asDouble());

        assertEquals(
                2,
                CommandRun.of("mask", model, "-o", path("n"), "--sparsity", "0.5", "--fill", "init")
                        .code());
        CommandRun unmet = CommandRun.of(
                "delta",
                "pack",
                model,
                "-o",
                path("none"),
                "--max-drop",
                "0",
                "--data",
                run.data(),
                "--criterion",
                "small_final");
        assertTrue(unmet.code() == 1 || Files.exists(path("none")), unmet.err());
    }

    @Test
    void sparseInitializersAreCounted() throws IOException {
        Path model = run.file("model.onnx");
        Path dense = path("dense.onnx");
        Path sparse = path("sparse.onnx");
        assertEquals(
                0,
                CommandRun.of("prune", model, "-o", dense, "--sparsity", "0.9", "--fill", "zero", "--scope", "layer")
                        .code());
        JsonNode json = CommandRun.of(
                        "prune",
                        model,
                        "-o",
                        sparse,
                        "--sparsity",
                        "0.9",
                        "--fill",
                        "zero",
                        "--scope",
                        "layer",
                        "--storage",
                        "sparse",
                        "--data",
                        run.data(),
                        "--json")
                .json();
        assertEquals("sparse", json.path("storage").asText());
        assertEquals(2, json.path("sparseInitializers").asInt());
        assertTrue(Files.size(sparse) < Files.size(dense) / 2);
        assertEquals(0, CommandRun.of("verify", dense, sparse).code());
        assertEquals(
                0,
                CommandRun.of("verify", dense, sparse, "--random", 8, "--tolerance", 0, "--runs", 0)
                        .code());
        assertEquals(
                2,
                CommandRun.of(
                                "prune",
                                run.file("model.safetensors"),
                                "-o",
                                path("x"),
                                "--sparsity",
                                "0.9",
                                "--fill",
                                "zero",
                                "--scope",
                                "layer",
                                "--storage",
                                "sparse")
                        .code());
    }

    @Test
    void theRecordSaysWhatWasPruned() throws IOException {
        Path output = path("r.safetensors");
        CommandRun.of(
                "prune", run.file("model.safetensors"), "-o", output, "--sparsity", "0.5", "--fill", "init", "--json");
        JsonNode record = new ObjectMapper()
                .readTree(CommandRun.of("inspect", output, "--json")
                        .json()
                        .path("metadata")
                        .path("detinit.prune")
                        .asText());
        assertEquals("movement", record.path("criterion").asText());
        assertEquals(0.5, record.path("sparsity").asDouble());
        assertTrue(record.path("cut").asDouble() > 0, record.toString());
        assertEquals("init", record.path("fill").asText());
        assertEquals(7, record.path("seed").asInt());
        assertFalse(record.path("tool").asText().isEmpty());
    }

    @Test
    void theDataFileOfAnOnnxModelCounts() throws IOException {
        Path model = VerifyEvalModels.external(path("external.onnx"), 0);
        Path output = path("out.onnx");
        JsonNode bytes = CommandRun.of(
                        "prune",
                        model,
                        "-o",
                        output,
                        "--criterion",
                        "magnitude",
                        "--sparsity",
                        "0.5",
                        "--fill",
                        "zero",
                        "--json")
                .json()
                .path("bytes");
        JsonNode before = CommandRun.of("eval", model, "--runs", 1, "--json").json();
        JsonNode after = CommandRun.of("eval", output, "--runs", 1, "--json").json();
        assertTrue(bytes.path("before").asLong() > Files.size(model));
        assertEquals(before.path("bytes").asLong(), bytes.path("before").asLong());
        assertEquals(after.path("bytes").asLong(), bytes.path("after").asLong());
    }
}
