package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plan that a file's parameters get. */
class PlanCommandTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("model.safetensors");
        SafetensorsWriter.write(
                file,
                List.of(
                        tensor("embed.weight", 7, 4),
                        tensor("h.0.attn.q.weight", 4, 4),
                        tensor("h.0.attn.q.bias", 4),
                        tensor("h.0.norm.weight", 4),
                        tensor("head.weight", 3, 4)),
                Map.of());
    }

    private static ArrayTensor tensor(String name, long... dims) {
        TensorShape shape = TensorShape.of(dims);
        return ArrayTensor.of(name, shape, new float[(int) shape.elements()]);
    }

    @Test
    void aTorchSeedGivesThePlanThatTheWeightsConfirm() throws IOException {
        Path seeded = folder.resolve("seeded.safetensors");
        Path plan = folder.resolve("p.json");
        assertEquals(
                0,
                CommandRun.of("init", file, "-o", seeded, "--torch-seed", 31337).code());
        CommandRun said = CommandRun.of("plan", seeded, "--torch-seed", 31337, "-o", plan);
        assertTrue(said.out().contains("5 parameters"), said.toString());
        JsonNode audit =
                CommandRun.of("audit", seeded, "--plan", plan, "--json").json();
        assertEquals(0, audit.path("total").path("moved").asInt(-1));
        assertEquals("torch-seed", audit.path("baseline").path("kind").asText());
        assertEquals(2, CommandRun.of("plan", file).code());
        assertEquals(
                2, CommandRun.of("plan", file, "--seed", 1, "--torch-seed", 1).code());
        assertEquals(
                2,
                CommandRun.of("plan", file, "--torch-seed", 1, "--scheme", "xavier")
                        .code());
    }

    @Test
    void rulesTakeThePlaceOfTheDefaultScheme() throws IOException {
        JsonNode plan = CommandRun.of(
                        "plan",
                        file,
                        "--seed",
                        7,
                        "--scheme",
                        "xavier",
                        "--rule",
                        "*.attn.*.weight=custom:0.0442",
                        "--rule",
                        "head.*=orthogonal:lecun",
                        "--json")
                .json();
        assertEquals("detinit-plan/1", plan.path("format").asText());
        assertEquals(7, plan.path("seed").intValue());
        JsonNode tensors = plan.path("tensors");
        check(tensors.get(0), "embed.weight", 0, "xavier");
        check(tensors.get(1), "h.0.attn.q.weight", 1, "custom");
        assertEquals(0.0442, tensors.get(1).path("std").doubleValue());
        check(tensors.get(2), "h.0.attn.q.bias", -1, "zeros");
        check(tensors.get(3), "h.0.norm.weight", -1, "ones");
        check(tensors.get(4), "head.weight", 2, "orthogonal");
        assertEquals("lecun", tensors.get(4).path("base").asText());
    }

    private static void check(JsonNode tensor, String name, int layer, String scheme) {
        assertEquals(name, tensor.path("name").asText());
        assertEquals(layer, tensor.path("layer").asInt(-1));
        assertEquals(scheme, tensor.path("scheme").asText());
    }

    @Test
    void aWrittenPlanIsABaseline() throws IOException {
        Path plan = folder.resolve("p.json");
        CommandRun written =
                CommandRun.of("plan", file, "--seed", 7, "--rule", "head.weight=signed_constant", "-o", plan);
        assertEquals(0, written.code(), written.err());
        assertTrue(written.out().contains("5 parameters, 3 of them random"), written.out());
        CommandRun audit = CommandRun.of("audit", file, "--plan", plan, "--json");
        assertEquals(0, audit.code(), audit.err());
        CommandRun again = CommandRun.of("plan", file, "--seed", 8, "-o", plan);
        assertEquals(2, again.code());
        assertTrue(again.error().contains("--force"), again.err());
    }

    @Test
    void rulesThatCannotBeUsedAreRefused() {
        CommandRun unknown = CommandRun.of("plan", file, "--seed", 7, "--rule", "*.weight=foo");
        assertEquals(2, unknown.code());
        assertTrue(unknown.error().contains("rule '*.weight=foo': unknown scheme 'foo'"), unknown.err());
        CommandRun shapeless = CommandRun.of("plan", file, "--seed", 7, "--rule", "nothing");
        assertEquals(2, shapeless.code());
        assertTrue(shapeless.error().contains("PATTERN=SCHEME"), shapeless.err());
        Path output = folder.resolve("q.json");
        CommandRun unfit = CommandRun.of("plan", file, "--seed", 7, "--rule", "*.bias=he", "-o", output);
        assertEquals(3, unfit.code());
        assertTrue(unfit.error().contains("h.0.attn.q.bias"), unfit.err());
        assertFalse(Files.exists(output));
    }
}
