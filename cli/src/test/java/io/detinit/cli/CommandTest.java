package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as users call it: exit codes, one-line errors, JSON alone on stdout, and the way from train to verify. */
class CommandTest {

    /** One small run that several tests look at. */
    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void train() {
        CommandRun outcome = CommandRun.of(
                "train",
                "--data",
                "digits",
                "--seed",
                "7",
                "--epochs",
                6,
                "--model",
                "mlp:784-24-10",
                "--threads",
                1,
                "-o",
                shared.resolve("run"));
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("epoch 6/6"), outcome.err());
    }

    private static Path file(String name) {
        return shared.resolve("run").resolve(name);
    }

    @Test
    void wrongCommandLinesEndWithTwo() {
        List<List<Object>> lines = List.of(
                List.of("nonsense"),
                List.of("matrix", "--rows", 2, "--cols", 2),
                List.of("matrix", "--seed", "x", "--rows", 2, "--cols", 2),
                List.of("matrix", "--seed", "18446744073709551616", "--rows", 2, "--cols", 2),
                List.of("matrix", "--seed", 1, "--rows", 0, "--cols", 2),
                List.of("matrix", "--seed", 1, "--rows", 100000, "--cols", 100000),
                List.of("matrix", "--seed", 1, "--rows", 2, "--cols", 2, "--scheme", "kaiming"),
                List.of("matrix", "--seed", 1, "--rows", 2, "--cols", 2, "--std", "-1"),
                List.of("matrix", "--seed", 1, "--rows", 2, "--cols", 2, "--std", "0.1", "--scheme", "he"),
                List.of("--threads", 0, "matrix", "--seed", 1, "--rows", 2, "--cols", 2),
                List.of("train", "--data", "cifar", "--seed", 1, "-o", folder.resolve("x")),
                List.of("train", "--data", "digits", "--seed", 1, "--scheme", "kaiming", "-o", folder.resolve("x")),
                List.of("train", "--data", "digits", "--seed", 1, "--model", "resnet", "-o", folder.resolve("x")),
                List.of("train", "--data", "digits", "--seed", 1, "--epochs", 0, "-o", folder.resolve("x")),
                List.of("train", "--data", "digits", "--seed", 1, "-o", shared.resolve("run")),
                List.of("audit", file("model.onnx"), "--threshold", "-1"),
                List.of("audit", file("model.onnx"), "--fail-if", "moved is large"),
                List.of("prune", file("model.onnx"), "-o", folder.resolve("p.onnx"), "--fill", "zero"),
                List.of(
                        "prune",
                        file("model.onnx"),
                        "-o",
                        folder.resolve("p.onnx"),
                        "--fill",
                        "zero",
                        "--sparsity",
                        "69"),
                List.of(
                        "prune",
                        file("model.onnx"),
                        "-o",
                        folder.resolve("p.onnx"),
                        "--fill",
                        "mean",
                        "--sparsity",
                        "0.5"),
                List.of("prune", file("model.onnx"), "-o", file("model.onnx"), "--fill", "zero", "--sparsity", "0.5"),
                List.of("eval", file("model.onnx"), "--data", "digits", "--runs", 0));
        for (List<Object> line : lines) {
            CommandRun outcome = CommandRun.of(line.toArray());
            assertEquals(2, outcome.code(), line + ": " + outcome.err());
            assertEquals("", outcome.out());
            assertTrue(outcome.err().startsWith("detinit: "), outcome.err());
            assertFalse(outcome.err().contains("\tat "), "no stack trace");
        }
        assertFalse(Files.exists(folder.resolve("x")));
        assertFalse(Files.exists(folder.resolve("p.onnx")));
    }

    @Test
    void aGpuThatIsNotThereIsOneLine() {
        if (ai.djl.engine.Engine.getEngine("PyTorch").getGpuCount() == 0) {
            CommandRun outcome = CommandRun.of(
                    "train", "--data", "digits", "--seed", 1, "--device", "gpu", "-o", folder.resolve("x"));
            assertEquals(2, outcome.code());
            assertTrue(outcome.error().contains("no GPU"), outcome.err());
            assertFalse(Files.exists(folder.resolve("x")));
        }
    }

    @Test
    void malformedInputEndsWithThree() throws IOException {
        Path broken = Files.write(folder.resolve("broken.safetensors"), new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{'});
        assertEquals(3, CommandRun.of("audit", broken, "--seed", 1).code());
        assertTrue(CommandRun.of("audit", broken, "--seed", 1).error().contains("broken.safetensors"));
        assertEquals(3, CommandRun.of("verify", file("model.onnx"), broken).code());
        Path plan = Files.writeString(folder.resolve("plan.json"), "{\"format\":\"detinit-plan/1\"}");
        assertTrue(CommandRun.of("audit", file("model.onnx"), "--plan", plan)
                .error()
                .contains("algorithm"));
        Path other = Files.writeString(
                folder.resolve("other.json"),
                Files.readString(file("plan.json")).replace("[24,784]", "[784,24]"));
        CommandRun unfit = CommandRun.of("audit", file("model.onnx"), "--plan", other);
        assertEquals(3, unfit.code());
        assertTrue(unfit.error().contains("another model"), unfit.err());
        Path idx = Files.createDirectory(folder.resolve("idx"));
        Files.write(idx.resolve("train-images-idx3-ubyte"), new byte[40]);
        Files.write(idx.resolve("train-labels-idx1-ubyte"), new byte[40]);
        CommandRun train = CommandRun.of("train", "--data", "mnist:" + idx, "--seed", 1, "-o", folder.resolve("x"));
        assertEquals(3, train.code());
        assertTrue(train.error().contains("magic number"), train.err());
        assertFalse(Files.exists(folder.resolve("x")));
    }

    @Test
    void missingAndUnwritableFilesEndWithFour() throws IOException {
        CommandRun missing = CommandRun.of("audit", folder.resolve("none.onnx"), "--seed", 1);
        assertEquals(4, missing.code());
        assertTrue(missing.error().contains("no such file"), missing.err());
        assertEquals(
                4,
                CommandRun.of(
                                "train",
                                "--data",
                                "mnist:" + folder.resolve("none"),
                                "--seed",
                                1,
                                "-o",
                                folder.resolve("x"))
                        .code());
        assertEquals(
                4,
                CommandRun.of("export", folder, "-o", folder.resolve("m.onnx")).code());
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertEquals(
                4,
                CommandRun.of("train", "--data", "digits", "--seed", 1, "-o", file.resolve("x"))
                        .code());
        assertEquals(
                4,
                CommandRun.of(
                                "prune",
                                file("model.onnx"),
                                "-o",
                                folder.resolve("no/p.onnx"),
                                "--fill",
                                "zero",
                                "--sparsity",
                                "0.5")
                        .code());
    }

    @Test
    void auditReadsBothFilesWithoutAnyFlag() throws IOException {
        JsonNode safetensors =
                CommandRun.of("audit", file("model.safetensors"), "--json").json();
        JsonNode onnx = CommandRun.of("audit", file("model.onnx"), "--json", "--threads", 1)
                .json();
        assertEquals("safetensors", safetensors.path("format").asText());
        assertEquals("onnx", onnx.path("format").asText());
        assertEquals(safetensors.path("tensors"), onnx.path("tensors"));
        assertEquals(safetensors.path("total"), onnx.path("total"));
        assertEquals("match", onnx.path("provenance").path("verdict").asText());
        assertEquals(7, onnx.path("baseline").path("seed").asLong());
        assertEquals(1e-5, onnx.path("threshold").path("value").asDouble());
        assertEquals(
                784 * 24 + 24 + 240 + 10, onnx.path("total").path("elements").asLong());
        JsonNode first = onnx.path("tensors").get(0);
        for (String field : List.of(
                "name",
                "shape",
                "dtype",
                "elements",
                "moved",
                "movedPercent",
                "bitIdentical",
                "audited",
                "meanAbsDelta",
                "rmsDelta",
                "maxAbsDelta",
                "correlation",
                "signFlips",
                "deadInputs",
                "deadUnits")) {
            assertTrue(first.has(field), field);
        }
        assertEquals(
                "no-match",
                CommandRun.of("audit", file("model.onnx"), "--seed", 8, "--json")
                        .json()
                        .path("provenance")
                        .path("verdict")
                        .asText());
        CommandRun text = CommandRun.of("audit", file("model.onnx"), "--threshold", "1e-5", "--threshold", "1e-2");
        assertTrue(text.out().contains("fc1.weight") && text.out().contains("moved > 0.01"), text.out());
    }

    @Test
    void gatesEndWithOne() {
        assertEquals(
                1,
                CommandRun.of("audit", file("model.onnx"), "--fail-if", "movedPercent > 1")
                        .code());
        assertEquals(
                0,
                CommandRun.of("audit", file("model.onnx"), "--fail-if", "movedPercent<1")
                        .code());
        assertEquals(
                1,
                CommandRun.of("audit", file("model.onnx"), "--fail-if", "elements != 5")
                        .code());
    }

    @Test
    void pruneExportEvalAndVerifyFitTogether() throws IOException {
        List<Double> accuracies = new ArrayList<>();
        for (String fill : List.of("init", "zero")) {
            Path out = folder.resolve(fill + ".onnx");
            JsonNode json = CommandRun.of(
                            "prune",
                            file("model.onnx"),
                            "-o",
                            out,
                            "--sparsity",
                            "0.75",
                            "--fill",
                            fill,
                            "--data",
                            "digits",
                            "--json")
                    .json();
            assertEquals(0.75, json.path("sparsity").asDouble(), 1e-9);
            assertEquals("movement", json.path("criterion").asText());
            assertEquals("dense", json.path("storage").asText());
            assertEquals(2, json.path("tensors").size());
            long kept = json.path("tensors").get(0).path("kept").asLong()
                    + json.path("tensors").get(1).path("kept").asLong();
            assertEquals((784 * 24 + 240) / 4, kept);
            assertEquals(Files.size(out), json.path("bytes").path("after").asLong());
            JsonNode eval = CommandRun.of("eval", out, "--data", "digits", "--runs", 20, "--json")
                    .json();
            assertEquals(
                    json.path("accuracy").path("after").asDouble(),
                    eval.path("accuracy").asDouble());
            assertEquals(4000, eval.path("samples").asInt());
            assertTrue(eval.path("latencyMs").path("median").asDouble() > 0);
            accuracies.add(eval.path("accuracy").asDouble());
            assertEquals(1, CommandRun.of("verify", file("model.onnx"), out).code());
            assertEquals(
                    "match",
                    CommandRun.of("audit", out, "--json")
                            .json()
                            .path("provenance")
                            .path("verdict")
                            .asText());
        }
        assertTrue(accuracies.get(0) > accuracies.get(1), "back to w0 beats zeros: " + accuracies);
        Path exported = folder.resolve("e.onnx");
        assertEquals(0, CommandRun.of("export", file(""), "-o", exported).code());
        Path old = folder.resolve("opset13.onnx");
        JsonNode written = CommandRun.of("export", file(""), "--opset", 13, "-o", old, "--json")
                .json();
        assertEquals(13, written.path("opset").asInt());
        JsonNode metadata = CommandRun.of("inspect", old, "--json").json().path("metadata");
        JsonNode card = new com.fasterxml.jackson.databind.ObjectMapper()
                .readTree(metadata.path("detinit.run").asText());
        assertEquals("detinit-run/1", card.path("format").asText());
        assertTrue(card.path("result").path("testAccuracy").asDouble() > 0);
        assertTrue(card.path("result").path("trainSeconds").isMissingNode());
        assertTrue(CommandRun.of("verify", exported, old, "--json")
                .json()
                .path("agree")
                .asBoolean());
        CommandRun wrong = CommandRun.of("export", file(""), "--opset", 9, "-o", folder.resolve("opset9.onnx"));
        assertEquals(2, wrong.code());
        assertTrue(wrong.err().contains("choose one of 13 to 21"), wrong.err());
        assertEquals(
                CommandRun.of("audit", file("model.safetensors"), "--json")
                        .json()
                        .path("total"),
                CommandRun.of("audit", old, "--json").json().path("total"));
        JsonNode same =
                CommandRun.of("verify", exported, file("model.onnx"), "--json").json();
        assertTrue(same.path("agree").asBoolean());
        JsonNode outputs = CommandRun.of("verify", exported, file("model.onnx"), "--data", "digits", "--json")
                .json();
        assertEquals(0, outputs.path("maxAbsDifference").asDouble());
        Path safetensors = folder.resolve("p.safetensors");
        assertEquals(
                0,
                CommandRun.of(
                                "prune",
                                file("model.safetensors"),
                                "-o",
                                safetensors,
                                "--threshold",
                                "1e-5",
                                "--fill",
                                "init")
                        .code());
        assertEquals(
                2,
                CommandRun.of(
                                "prune",
                                file("model.safetensors"),
                                "-o",
                                safetensors,
                                "--threshold",
                                "1e-5",
                                "--fill",
                                "init")
                        .code());
        assertEquals(
                0,
                CommandRun.of(
                                "prune",
                                file("model.safetensors"),
                                "-o",
                                safetensors,
                                "--force",
                                "--threshold",
                                "1e-5",
                                "--fill",
                                "init")
                        .code());
    }

    @Test
    void theDemoLeavesEverythingInOneFolder() throws IOException {
        Path demo = folder.resolve("demo");
        JsonNode json =
                CommandRun.of("demo", "-o", demo, "--epochs", 6, "--json").json();
        assertEquals(4, json.path("results").size());
        assertTrue(json.path("djl").path("maxAbsLogitDifference").asDouble() < 1e-4);
        assertEquals(0.69, json.path("results").get(1).path("sparsity").asDouble(), 1e-4);
        assertTrue(json.path("results").get(1).path("accuracy").asDouble()
                >= json.path("results").get(2).path("accuracy").asDouble());
        assertEquals(
                json.path("djl").path("accuracy").asDouble(),
                json.path("results").get(0).path("accuracy").asDouble(),
                5e-5);
        for (String name : List.of(
                "model.safetensors",
                "model.onnx",
                "model.params",
                "plan.json",
                "history.jsonl",
                "run.json",
                "audit.json",
                "demo.json",
                "report.html",
                "pruned-movement-init.onnx",
                "pruned-movement-zero.onnx",
                "pruned-magnitude-zero.onnx")) {
            assertTrue(Files.size(demo.resolve(name)) > 0, name);
        }
        String page = Files.readString(demo.resolve("report.html"));
        assertTrue(page.contains("<svg") && page.contains("fc1.weight"));
        assertFalse(page.contains("http") || page.contains("<script"), "the page needs nothing from anywhere");
        assertEquals(2, CommandRun.of("demo", "-o", demo).code());
    }

    @Test
    void everyCommandHasHelpWithAnExample() {
        for (String command : List.of("matrix", "train", "audit", "prune", "export", "eval", "verify", "demo")) {
            CommandRun help = CommandRun.of(command, "--help");
            assertEquals(0, help.code());
            assertTrue(help.out().contains("Example: detinit " + command), help.out());
            assertTrue(help.out().contains("--json"), command);
        }
        assertTrue(CommandRun.of("--help").out().contains("Exit codes"));
        assertTrue(CommandRun.of("--version").out().startsWith("detinit "));
        assertEquals(2, CommandRun.of().code());
    }
}
