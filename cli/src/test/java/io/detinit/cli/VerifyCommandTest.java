package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {

    private static final List<String> OLD_KEYS = List.of(
            "a",
            "b",
            "agree",
            "samples",
            "maxAbsDifference",
            "scale",
            "maxRelativeDifference",
            "sameClass",
            "tolerance");

    @TempDir
    Path folder;

    @Test
    void outputsOnDataKeepTheirKeysAndGetATable() throws IOException {
        Path dense = VerifyEvalModels.linear(folder.resolve("dense.onnx"), 0);
        Path pruned = VerifyEvalModels.linear(folder.resolve("pruned.onnx"), 400);
        CommandRun run = CommandRun.of("verify", dense, pruned, "--data", "digits", "--runs", 12, "--json");
        assertEquals(1, run.code(), run.err());
        JsonNode json = run.json();
        for (String key : OLD_KEYS) {
            assertTrue(json.has(key), key);
        }
        assertEquals(dense.toString(), json.path("a").asText());
        assertFalse(json.path("agree").asBoolean());
        assertEquals(4000, json.path("samples").asInt());
        assertEquals(1e-4, json.path("tolerance").asDouble());
        assertEquals(
                json.path("sameClass").asInt() / 4000.0, json.path("agreement").asDouble());
        assertTrue(json.path("meanAbsDifference").asDouble() > 0, json.toString());
        assertTrue(json.path("meanAbsDifference").asDouble()
                < json.path("maxAbsDifference").asDouble());
        assertTrue(json.path("klDivergence").asDouble() > 0, json.toString());
        JsonNode models = json.path("models");
        assertEquals(4000, models.get(1).path("zeros").asLong());
        assertTrue(models.get(0).path("accuracy").isNumber());
        assertTrue(models.get(1).path("latencyMs").path("p99").isNumber());
        CommandRun text = CommandRun.of("verify", dense, dense, "--data", "digits", "--runs", 0);
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("they agree") && text.out().contains("Zeros alone give no speed"), text.out());
        assertTrue(CommandRun.of("verify", dense, dense, "--data", "digits", "--runs", 0, "--json")
                .json()
                .path("models")
                .get(0)
                .path("latencyMs")
                .isNull());
    }

    @Test
    void aGateOnTheAgreementStandsBesideTheTolerance() throws IOException {
        Path dense = VerifyEvalModels.linear(folder.resolve("dense.onnx"), 0);
        Path pruned = VerifyEvalModels.linear(folder.resolve("pruned.onnx"), 400);
        Object[] line = {"verify", dense, pruned, "--data", "digits", "--runs", 0, "--json", "--min-agreement", "0"};
        JsonNode json = CommandRun.of(line).json();
        assertTrue(json.path("agree").asBoolean(), json.toString());
        assertTrue(json.path("tolerance").isNull());
        double agreement = json.path("agreement").asDouble();
        assertTrue(agreement > 0 && agreement < 1, "the test needs models that differ in part: " + agreement);
        line[line.length - 1] = agreement;
        assertEquals(0, CommandRun.of(line).code());
        line[line.length - 1] = Math.nextUp(agreement);
        assertEquals(1, CommandRun.of(line).code());
        assertEquals(
                1,
                CommandRun.of(
                                "verify",
                                dense,
                                pruned,
                                "--random",
                                4,
                                "--runs",
                                0,
                                "--min-agreement",
                                0,
                                "--tolerance",
                                "1e-6")
                        .code());
    }

    @Test
    void randomInputsCompareEveryOutput() throws IOException {
        Path one = VerifyEvalModels.two(folder.resolve("one.onnx"), 1);
        Path two = VerifyEvalModels.two(folder.resolve("two.onnx"), 1.5f);
        Object[] line = {"verify", one, two, "--random", 16, "--runs", 3, "--input-seed", "0x10", "--json"};
        CommandRun run = CommandRun.of(line);
        assertEquals(1, run.code(), run.err());
        JsonNode json = run.json();
        assertFalse(json.path("agree").asBoolean());
        assertEquals(16, json.path("samples").asInt());
        assertEquals(16, json.path("inputs").path("seed").asInt());
        assertEquals("normal", json.path("inputs").path("distribution").asText());
        JsonNode y = json.path("outputs").get(0);
        JsonNode z = json.path("outputs").get(1);
        assertEquals(0.5, y.path("maxRelativeDifference").asDouble(), 1e-6);
        assertEquals(y.path("maxAbsDifference"), json.path("maxAbsDifference"), "the output that differs most");
        assertFalse(y.path("agree").asBoolean());
        assertTrue(z.path("agree").asBoolean() && z.path("agreement").isNull(), z.toString());
        assertEquals("INT64", z.path("type").asText());
        assertEquals(2, json.path("models").size());
        assertEquals(json.path("outputs"), CommandRun.of(line).json().path("outputs"), "reproducible");
        line[8] = 3;
        assertFalse(json.path("outputs").equals(CommandRun.of(line).json().path("outputs")), "another seed");
        CommandRun same = CommandRun.of("verify", one, one, "--random", 4, "--runs", 3, "--shape", "x=5,3");
        assertEquals(0, same.code(), same.err());
        assertTrue(same.out().contains("4 random inputs: they agree"), same.out());
        assertTrue(same.out().contains("Zeros alone give no speed in ONNX Runtime"), same.out());
        assertEquals(
                0,
                CommandRun.of("verify", one, two, "--random", 4, "--runs", 0, "--tolerance", "0.6")
                        .code());
    }

    @Test
    void errorsAreOneLine() throws IOException {
        Path model = VerifyEvalModels.two(folder.resolve("m.onnx"), 1);
        Path linear = VerifyEvalModels.linear(folder.resolve("linear.onnx"), 0);
        for (Object[] line : new Object[][] {
            {"verify", model, model, "--random", 0},
            {"verify", model, model, "--random", 2, "--data", "digits"},
            {"verify", model, model, "--random", 2, "--tolerance", -1},
            {"verify", model, model, "--random", 2, "--min-agreement", 99},
            {"verify", model, model, "--min-agreement", "0.5"},
            {"verify", model, model, "--random", 2, "--runs", -1},
            {"verify", model, model, "--random", 2, "--distribution", "cauchy"},
            {"verify", model, linear, "--random", 2}
        }) {
            CommandRun run = CommandRun.of(line);
            assertEquals(2, run.code(), run.err());
            assertEquals("", run.out());
            assertFalse(run.err().contains("\tat "), run.err());
        }
        CommandRun missing = CommandRun.of("verify", model, folder.resolve("none.onnx"), "--random", 2);
        assertEquals(4, missing.code());
        assertTrue(missing.error().contains("no such file"), missing.err());
        CommandRun inputs = CommandRun.of("verify", model, model, "--data", "digits");
        assertEquals(3, inputs.code());
        assertTrue(inputs.error().contains("a model with one input is needed"), inputs.err());
    }
}
