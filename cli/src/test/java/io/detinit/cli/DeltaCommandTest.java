package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deltas as users pack and unpack them. */
class DeltaCommandTest {

    private static final TensorShape A = TensorShape.of(60, 50);
    private static final TensorShape BIAS = TensorShape.of(60);
    private static final InitPlan PLAN = new InitPlan(
            42,
            List.of(
                    new PlannedTensor("fc1.weight", A, 0, Scheme.HE),
                    new PlannedTensor("fc1.bias", BIAS, -1, Scheme.ZEROS)));

    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path bare = Path.of("");

    @BeforeEach
    void write() throws IOException {
        model = write("model.safetensors", Map.of(Checkpoint.PLAN_KEY, PlanJson.write(PLAN), "note", "mine"));
        bare = write("bare.safetensors", Map.of());
    }

    private Path write(String file, Map<String, String> metadata) throws IOException {
        Random random = new Random(3);
        float[] w = PLAN.init("fc1.weight").toArray();
        for (int k = 0; k < w.length; k++) {
            w[k] += random.nextInt(3) == 0 ? (float) random.nextGaussian() * 0.1f : 0;
        }
        Path path = folder.resolve(file);
        SafetensorsWriter.write(
                path,
                List.of(ArrayTensor.of("fc1.weight", A, w), ArrayTensor.of("fc1.bias", BIAS, new float[60])),
                metadata);
        return path;
    }

    private Path path(String name) {
        return folder.resolve(name);
    }

    private static JsonNode done(Object... line) throws IOException {
        CommandRun run = CommandRun.of(line);
        assertEquals(0, run.code(), run.err());
        return run.json();
    }

    private static float[] weights(Path file) throws IOException {
        try (Checkpoint open = Checkpoints.open(file)) {
            float[] values = new float[3000];
            open.find("fc1.weight").orElseThrow().readFloats(0, values, 0, values.length);
            return values;
        }
    }

    @Test
    void withoutASelectionEveryBitComesBack() throws IOException {
        JsonNode packed = done("delta", "pack", model, "-o", path("d"), "--json");
        assertTrue(packed.path("exact").asBoolean());
        assertEquals(Files.size(model), packed.path("bytes").path("before").asLong());
        assertEquals(Files.size(path("d")), packed.path("bytes").path("after").asLong());
        assertEquals("initial", packed.path("tensors").get(1).path("form").asText());
        JsonNode unpacked = done("delta", "unpack", path("d"), "-o", path("o.safetensors"), "--json");
        assertEquals("safetensors", unpacked.path("format").asText());
        assertEquals(0, CommandRun.of("verify", model, path("o.safetensors")).code());
        assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(path("o.safetensors")));
        JsonNode zero = done("delta", "pack", model, "-o", path("d0"), "--threshold", "0", "--json");
        assertTrue(zero.path("exact").asBoolean());
        assertArrayEquals(Files.readAllBytes(path("d")), Files.readAllBytes(path("d0")));
    }

    /** Sizes of a set of shards are those of the index and its shards. */
    @Test
    void aSetIsAsLargeAsItsFiles() throws IOException {
        Path set = Files.createDirectory(path("set"));
        Files.copy(model, set.resolve("one.safetensors"));
        Path index = Files.writeString(
                set.resolve("model.safetensors.index.json"),
                "{\"metadata\":{},\"weight_map\":{\"fc1.weight\":\"one.safetensors\",\"fc1.bias\":\"one.safetensors\"}}");
        long size = Files.size(index) + Files.size(model);
        for (Path given : List.of(index, set)) {
            JsonNode packed = done("delta", "pack", given, "-o", path("d"), "--seed", 42, "--json", "--force");
            assertEquals(size, packed.path("bytes").path("before").asLong());
        }
        Path back = path("back.safetensors.index.json");
        JsonNode unpacked = done("delta", "unpack", path("d"), "-o", back, "--template", index, "--json");
        assertEquals(
                Files.size(back) + Files.size(path("back-00001-of-00001.safetensors")),
                unpacked.path("bytes").path("after").asLong());
        Path pruned = path("pruned.safetensors.index.json");
        JsonNode prune = done("prune", index, "-o", pruned, "--threshold", 1, "--fill", "zero", "--seed", 42, "--json");
        assertEquals(size, prune.path("bytes").path("before").asLong());
        assertEquals(
                Files.size(pruned) + Files.size(path("pruned-00001-of-00001.safetensors")),
                prune.path("bytes").path("after").asLong());
    }

    @Test
    void aSparsityKeepsExactlyTheRest() throws IOException {
        JsonNode packed =
                done("delta", "pack", model, "-o", path("d"), "--sparsity", "0.8", "--values", "fp16", "--json");
        assertFalse(packed.path("exact").asBoolean());
        assertEquals(600, packed.path("tensors").get(0).path("kept").asLong());
        assertEquals("F16", packed.path("tensors").get(0).path("values").asText());
        done("prune", model, "-o", path("p.safetensors"), "--sparsity", "0.8", "--fill", "init", "--json");
        done("delta", "unpack", path("d"), "-o", path("o.safetensors"), "--json");
        float[] pruned = weights(path("p.safetensors"));
        float[] found = weights(path("o.safetensors"));
        float[] w0 = PLAN.init("fc1.weight").toArray();
        int same = 0;
        for (int k = 0; k < 3000; k++) {
            assertEquals(pruned[k], found[k], Math.abs(pruned[k]) * 5e-4f + 1e-7f);
            same += found[k] == w0[k] ? 1 : 0;
        }
        assertTrue(same >= 2400, same + " at w0");
        CommandRun text = CommandRun.of("delta", "pack", model, "-o", path("e"), "--sparsity", "0.8");
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("times smaller") && text.out().contains("back at w0"), text.out());
    }

    @Test
    void aStateDictIsWrittenFromAnyFormat() throws IOException {
        done("delta", "pack", bare, "--seed", "42", "-o", path("d"), "--json");
        JsonNode unpacked = done("delta", "unpack", path("d"), "-o", path("o.pt"), "--json");
        assertEquals("pytorch", unpacked.path("format").asText());
        assertEquals("state_dict", unpacked.path("container").asText());
        assertArrayEquals(weights(bare), weights(path("o.pt")));
        JsonNode audit = done("audit", path("o.pt"), "--threshold", "0", "--json");
        assertTrue(audit.path("total").path("moved").asLong() > 0, "the new file carries its plan");
        done("delta", "pack", path("o.pt"), "-o", path("d2"), "--json");
        JsonNode again = done("delta", "unpack", path("d2"), "-o", path("o2.pth"), "--json");
        assertEquals("skeleton", again.path("container").asText());
        assertArrayEquals(Files.readAllBytes(path("o.pt")), Files.readAllBytes(path("o2.pth")));
        JsonNode template =
                done("delta", "unpack", path("d2"), "--template", model, "-o", path("t.safetensors"), "--json");
        assertEquals("template", template.path("container").asText());
        assertArrayEquals(weights(bare), weights(path("t.safetensors")));
    }

    @Test
    void slipsAreSaidInOneLine() throws IOException {
        done("delta", "pack", model, "-o", path("d"), "--json");
        refused(2, "--force", "delta", "pack", model, "-o", path("d"));
        refused(2, "is a file that is read", "delta", "pack", model, "-o", model, "--force");
        refused(2, "carries no plan", "delta", "pack", bare, "-o", path("e"));
        refused(2, "--init-file cannot be packed", "delta", "pack", bare, "--init-file", model, "-o", path("e"));
        refused(2, "--template goes with unpack", "delta", "pack", model, "--template", bare, "-o", path("e"));
        refused(2, "unknown type of values", "delta", "pack", model, "--values", "fp8", "-o", path("e"));
        refused(2, "go with pack", "delta", "unpack", path("d"), "--seed", "1", "-o", path("o.pt"));
        refused(2, "--template", "delta", "unpack", path("d"), "-o", path("o.onnx"));
        refused(3, "no detinit.delta", "delta", "unpack", model, "-o", path("o.pt"));
        refused(4, "no such file", "delta", "unpack", path("missing"), "-o", path("o.pt"));
        byte[] bytes = Files.readAllBytes(path("d"));
        Files.write(path("cut"), java.util.Arrays.copyOf(bytes, bytes.length - 1));
        refused(3, "cut", "delta", "unpack", path("cut"), "-o", path("o.pt"));
        assertFalse(Files.exists(path("o.pt")) || Files.exists(path("e")));
    }

    private static void refused(int code, String words, Object... line) {
        CommandRun run = CommandRun.of(line);
        assertEquals(code, run.code(), run.err());
        assertTrue(run.error().contains(words), run.err());
    }
}
