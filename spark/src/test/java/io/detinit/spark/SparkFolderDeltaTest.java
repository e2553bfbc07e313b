package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deltas unpacked into copies of a folder of torch.distributed.checkpoint. */
class SparkFolderDeltaTest {

    private static final List<String> FILES =
            List.of(".metadata", TorchSamples.distcp(0), TorchSamples.distcp(1), TorchSamples.distcp(2));

    @TempDir
    static Path folder;

    private static Path model;
    private static Path blank;

    /** A folder, and one with other weights. */
    @BeforeAll
    static void write() throws IOException {
        model = TorchSamples.distributed(folder.resolve("dcp"));
        blank = folder.resolve("blank");
        JobRun.init(model, "-o", blank, "--seed", 7).json();
    }

    private static JsonNode delta(Object... args) throws IOException {
        return new ObjectMapper().readTree(JobRun.delta(args).json());
    }

    private static void same(Path expected, Path found) throws IOException {
        for (String name : FILES) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(found.resolve(name)), name);
        }
    }

    @Test
    void theFolderComesBack() throws IOException {
        Path packed = folder.resolve("packed");
        delta("pack", model, "-o", packed, "--seed", 42);
        Path back = folder.resolve("back");
        JsonNode json = delta("unpack", packed, "-o", back, "--template", blank);
        same(model, back);
        assertEquals("pytorch-distributed", json.path("format").asText());
        assertEquals("template", json.path("container").asText());
        assertEquals(3, json.path("shards").path("written").asInt());
        long bytes = 0;
        for (String name : FILES) {
            bytes += Files.size(back.resolve(name));
        }
        assertEquals(bytes, json.path("bytes").path("after").asLong());
        Path plan = folder.resolve("back.plan.json");
        assertEquals(plan.toString(), json.path("planFile").asText());
        assertTrue(Files.exists(plan));
        JsonNode audit = new ObjectMapper().readTree(JobRun.audit(back).json());
        assertEquals(42, audit.path("baseline").path("seed").asLong(), "the plan is found");
    }

    /** The deltas of a sharded set, some of them pruned, and what one machine makes of one of them. */
    @Test
    void deltasOfAnotherFormat() throws IOException {
        Path index = Samples.write(Files.createDirectory(folder.resolve("set")));
        Path packed = folder.resolve("packed-set");
        delta("pack", index, "-o", packed, "--seed", 42);
        Path back = folder.resolve("back-set");
        delta("unpack", packed, "-o", back, "--template", blank);
        same(model, back);

        Path one = folder.resolve("one");
        delta("pack", index.resolveSibling(Samples.shard(1)), "-o", one, "--seed", 42, "--sparsity", 0.5);
        Path some = folder.resolve("some");
        delta("unpack", one, "-o", some, "--template", blank);
        Path alone = folder.resolve("some-alone");
        String name = Samples.shard(1).replace(".safetensors", ".delta");
        try (DeltaFile delta = DeltaFile.open(one.resolve(name));
                Checkpoint template = Samples.open(blank)) {
            DeltaUnpacker.unpack(delta, template, alone);
        }
        same(alone, some);
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path packed = folder.resolve("packed-again");
        delta("pack", model, "-o", packed, "--seed", 42);
        Path back = folder.resolve("back-again");
        Path dead = Files.createFile(Path.of(blank + "." + TorchSamples.distcp(1) + ".dead"));
        Object[] args = {"unpack", packed, "-o", back, "--template", "faulty:" + blank};
        JobRun run = JobRun.delta(args);
        Files.delete(dead);
        assertEquals(4, run.code(), run.err());
        assertFalse(Files.exists(back.resolve(".metadata")), "no metadata before all files are there");
        delta(args);
        same(model, back);
    }

    @Test
    void wrongTemplatesAreOneLine() throws IOException {
        Path packed = folder.resolve("packed-wrong");
        Path views = TorchSamples.views(folder.resolve("views.pt"));
        delta("pack", views, "-o", packed, "--seed", 42);
        JobRun run = JobRun.delta("unpack", packed, "-o", folder.resolve("none"), "--template", blank);
        assertEquals("DeltaJob: the file has no tensor 'head.weight' to replace", run.error());
        assertEquals(2, run.code());
        JobRun here = JobRun.delta("unpack", packed, "-o", blank, "--template", blank);
        assertEquals(2, here.code());
        assertFalse(Files.exists(folder.resolve("none")));
    }
}
