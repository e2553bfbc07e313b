package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A net in two files of different names: masks of one prune the other. */
class TransferCommandTest {

    private static final TensorShape A = TensorShape.of(12, 10);
    private static final TensorShape B = TensorShape.of(5, 12);
    private static final InitPlan PLAN = new InitPlan(
            42,
            List.of(
                    new PlannedTensor("fc1.weight", A, 0, Scheme.HE),
                    new PlannedTensor("fc2.weight", B, 1, Scheme.HE)));
    private static final Map<String, String> WITH_PLAN = Map.of(Checkpoint.PLAN_KEY, PlanJson.write(PLAN));

    @TempDir
    Path folder;

    private Path from;
    private Path masks;

    @BeforeEach
    void write() throws IOException {
        from = write("a.safetensors", "fc1.weight", trained("fc1.weight"), "fc2.weight", trained("fc2.weight"));
        masks = path("m.safetensors");
        assertEquals(
                0, CommandRun.of("mask", from, "--sparsity", "0.5", "-o", masks).code());
    }

    private static float[] trained(String name) {
        float[] w = PLAN.init(name).toArray();
        Random random = new Random(w.length);
        for (int k = 0; k < w.length; k++) {
            w[k] += (float) random.nextGaussian();
        }
        return w;
    }

    private Path path(String name) {
        return folder.resolve(name);
    }

    private Path write(String file, String first, float[] one, String second, float[] other) throws IOException {
        List<TensorView> tensors = List.of(ArrayTensor.of(first, A, one), ArrayTensor.of(second, B, other));
        SafetensorsWriter.write(path(file), tensors, WITH_PLAN);
        return path(file);
    }

    private static float[] weights(Path file, String name) throws IOException {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            TensorView tensor = open.find(name).orElseThrow();
            float[] values = new float[(int) tensor.info().shape().elements()];
            tensor.readFloats(0, values, 0, values.length);
            return values;
        }
    }

    private CommandRun transfer(Path to, Path output, Object... more) {
        Object[] line = new Object[9 + more.length];
        Object[] first = {"transfer", "--masks", masks, "--from", from, "--to", to, "-o", output};
        System.arraycopy(first, 0, line, 0, first.length);
        System.arraycopy(more, 0, line, first.length, more.length);
        return CommandRun.of(line);
    }

    @Test
    void transferredMasksPruneAsTheMasksDoInTheirOwnFile() throws IOException {
        Path to = write("b.safetensors", "module.fc1.weight", trained("fc1.weight"), "q", trained("fc2.weight"));
        for (String fill : List.of("zero", "init", "init_or_zero")) {
            Path own = path("own." + fill);
            Path other = path("other." + fill);
            assertEquals(
                    0,
                    CommandRun.of("prune", from, "-o", own, "--masks", masks, "--fill", fill)
                            .code());
            CommandRun run = transfer(to, other, "--fill", fill, "--json", "--masks-out", path("m2." + fill));
            assertEquals(0, run.code(), run.err());
            assertEquals("", run.err());
            assertArrayEquals(weights(own, "fc1.weight"), weights(other, "module.fc1.weight"));
            assertArrayEquals(weights(own, "fc2.weight"), weights(other, "q"));
            JsonNode json = run.json();
            assertEquals(other.toString(), json.path("output").asText());
            assertEquals(
                    "canonical-name", json.path("tensors").get(0).path("how").asText());
            assertEquals("fc2.weight", json.path("tensors").get(1).path("name").asText());
            assertEquals("q", json.path("tensors").get(1).path("to").asText());
            assertEquals("content", json.path("tensors").get(1).path("how").asText());
            assertEquals(
                    "identical", json.path("tensors").get(1).path("content").asText());
            assertEquals(60, json.path("tensors").get(1).path("elements").asLong());
            assertEquals(0, json.path("unmatched").size());
            assertEquals(Files.size(other), json.path("bytes").path("after").asLong());
            checkProvenance(other, fill);
        }
        Path again = path("again.safetensors");
        CommandRun masked =
                CommandRun.of("prune", to, "-o", again, "--masks", path("m2.zero"), "--fill", "zero", "--json");
        assertEquals(0, masked.code(), masked.err());
        assertArrayEquals(weights(path("other.zero"), "q"), weights(again, "q"));
    }

    private static void checkProvenance(Path file, String fill) throws IOException {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            JsonNode record = new ObjectMapper().readTree(open.metadata().get("detinit.prune"));
            assertEquals("m.safetensors", record.path("masks").asText());
            assertEquals("a.safetensors", record.path("from").asText());
            assertEquals(fill, record.path("fill").asText());
            assertEquals(fill.equals("zero"), record.path("seed").isMissingNode());
            assertTrue(open.metadata().containsKey(Checkpoint.PLAN_KEY));
        }
    }

    @Test
    void anUnmatchedMaskIsAFailedGateUnlessPartial() throws IOException {
        Path to = write("b.safetensors", "fc1.weight", trained("fc1.weight"), "q", new float[60]);
        Path output = path("out.safetensors");
        CommandRun refused = transfer(to, output, "--json");
        assertEquals(1, refused.code());
        assertFalse(Files.exists(output));
        assertTrue(refused.json().path("output").isNull());
        assertEquals(
                "fc2.weight",
                refused.json().path("unmatched").get(0).path("name").asText());
        assertTrue(refused.err().contains("not matched: fc2.weight: "), refused.err());
        assertTrue(refused.err().contains("--partial"), refused.err());
        CommandRun partial = transfer(to, output, "--partial");
        assertEquals(0, partial.code(), partial.err());
        assertTrue(partial.err().contains("not matched: fc2.weight: "), partial.err());
        assertTrue(partial.out().contains("wrote " + output), partial.out());
        assertArrayEquals(new float[60], weights(output, "q"));
        long pruned = 0;
        for (float value : weights(output, "fc1.weight")) {
            pruned += value == 0 ? 1 : 0;
        }
        assertTrue(pruned > 20, "pruned " + pruned);
    }

    @Test
    void furtherTrainingIsAWarningAndNothingInCommonAnError() throws IOException {
        float[] moved = trained("fc1.weight");
        moved[3] += 0.5f;
        Path to = write("b.safetensors", "fc1.weight", moved, "fc2.weight", trained("fc2.weight"));
        CommandRun run = transfer(to, path("out"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("warning: fc1.weight: its weights differ"), run.err());
        assertTrue(run.out().contains("differs, r 0.99"), run.out());
        Path other = write("c.safetensors", "u", new float[120], "v", new float[60]);
        CommandRun none = transfer(other, path("never"), "--partial");
        assertEquals(1, none.code());
        assertTrue(none.err().contains("no mask of"), none.err());
        assertFalse(Files.exists(path("never")));
    }

    @Test
    void filesThatAreReadAreNotReplaced() throws IOException {
        Path to = write("b.safetensors", "fc1.weight", trained("fc1.weight"), "q", trained("fc2.weight"));
        for (Path output : List.of(from, masks)) {
            CommandRun run = transfer(to, output, "--force");
            assertEquals(2, run.code());
            assertTrue(run.error().contains("is a file that is read"), run.err());
        }
        assertEquals(2, transfer(to, path("o"), "--masks-out", to, "--force").code());
        assertEquals(2, transfer(to, to).code(), "an existing file without --force");
        assertEquals(0, transfer(to, to, "--force").code());
        assertEquals(2, transfer(to, path("o"), "--fill", "ones").code());
        masks = path("missing");
        assertEquals(4, transfer(to, path("o")).code());
    }
}
