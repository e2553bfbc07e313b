package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint of initial weights against the one that a single machine writes, byte for byte. */
class SparkInitTest {

    @TempDir
    static Path folder;

    private static Path index;
    private static Path alone;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
        alone = Files.createDirectory(folder.resolve("alone"));
        init(index, alone.resolve(Samples.INDEX));
    }

    /** What {@code detinit init} does. */
    private static void init(Path template, Path target) throws IOException {
        try (Checkpoint checkpoint = Samples.open(template)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            Untrained.write(checkpoint, plan, target, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
        }
    }

    private static List<String> names(Path in) throws IOException {
        try (Stream<Path> files = Files.list(in)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> !name.endsWith(".crc"))
                    .sorted()
                    .toList();
        }
    }

    private static void assertSame(Path out) throws IOException {
        assertEquals(names(alone), names(out));
        for (String name : names(alone)) {
            assertArrayEquals(Files.readAllBytes(alone.resolve(name)), Files.readAllBytes(out.resolve(name)), name);
        }
    }

    @Test
    void theFilesAreThoseOfOneMachine() throws IOException {
        Path out = folder.resolve("w0");
        JsonNode json = new ObjectMapper()
                .readTree(JobRun.init(index, "-o", out, "--seed", 42).json());
        assertSame(out);
        assertEquals(7, json.path("replaced").asInt());
        assertEquals(1, json.path("kept").asInt());
        assertEquals(3, json.path("shards").path("written").asInt());
        JsonNode audit = new ObjectMapper().readTree(JobRun.audit(out).json()).path("total");
        assertEquals(audit.path("elements"), audit.path("bitIdentical"));
        JobRun again = JobRun.init(index, "-o", out, "--seed", 43);
        assertEquals(2, again.code());
        assertTrue(again.error().startsWith("InitJob: " + out + ": is not empty, and no unfinished run"), again.err());
        JobRun.init(index, "-o", out, "--seed", 43, "--force").json();
        JobRun.init(index, "-o", out, "--seed", 42, "--force").json();
        assertSame(out);
    }

    @Test
    void aSingleFile() throws IOException {
        Path template = folder.resolve(Samples.shard(1));
        Path one = Files.createDirectory(folder.resolve("one"));
        init(template, one.resolve(Samples.shard(1)));
        Path out = folder.resolve("w0-one");
        JobRun.init(template, "-o", out, "--seed", 42).json();
        assertArrayEquals(
                Files.readAllBytes(one.resolve(Samples.shard(1))), Files.readAllBytes(out.resolve(Samples.shard(1))));
    }

    @Test
    void schemesAndRules() throws IOException {
        Path template = folder.resolve(Samples.shard(1));
        Path one = Files.createDirectory(folder.resolve("ruled"));
        InitRules rules = InitRules.of(Scheme.parse("xavier")).with("fc.*=custom:0.5");
        try (Checkpoint checkpoint = Samples.open(template)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, rules));
            Path target = one.resolve(Samples.shard(1));
            Untrained.write(checkpoint, plan, target, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
        }
        Path out = folder.resolve("w0-ruled");
        JobRun.init(template, "-o", out, "--seed", 42, "--scheme", "xavier", "--rule", "fc.*=custom:0.5")
                .json();
        assertArrayEquals(
                Files.readAllBytes(one.resolve(Samples.shard(1))), Files.readAllBytes(out.resolve(Samples.shard(1))));
        JobRun role = JobRun.init(template, "-o", folder.resolve("none"), "--seed", 42, "--scheme", "role");
        assertTrue(role.error().contains("--scheme role needs a model's blocks"), role.err());
        assertEquals(2, role.code());
    }

    /** By the tensors and the plan: archives may be written in more than one way. */
    @Test
    void pyTorchFiles() throws IOException {
        Path template = TorchSamples.sharded(Files.createDirectory(folder.resolve("torch")));
        Path out = folder.resolve("w0-torch");
        JobRun.init(template, "-o", out, "--seed", 42).json();
        Path shard = template.resolveSibling(TorchSamples.shard(0));
        Path one = folder.resolve("w0-torch-one");
        JobRun.init(shard, "-o", one, "--seed", 42).json();
        try (Checkpoint from = ShardedCheckpoint.open(template, TorchFile::open);
                Checkpoint set = ShardedCheckpoint.open(out.resolve(TorchSamples.INDEX), TorchFile::open);
                Checkpoint alone = TorchFile.open(shard);
                Checkpoint single = TorchFile.open(one.resolve(TorchSamples.shard(0)))) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(from, Samples.SEED, InitRules.he()));
            assertEquals(PlanJson.write(plan), set.metadata().get(Checkpoint.PLAN_KEY));
            assertInitial(from, plan, set);
            Plan own = new Plan.Addressed(DefaultPlan.of(alone, Samples.SEED, InitRules.he()));
            assertEquals(PlanJson.write(own), single.metadata().get(Checkpoint.PLAN_KEY));
            assertInitial(alone, own, single);
        }
    }

    /** A folder of torch.distributed.checkpoint: every file is that of one machine, the metadata last, the plan beside it. */
    @Test
    void aFolderOfDistributedCheckpoint() throws IOException {
        Path template = TorchSamples.distributed(folder.resolve("dcp"));
        Path expected = folder.resolve("w0-dcp-alone");
        Plan plan;
        try (Checkpoint checkpoint = Samples.open(template)) {
            plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            Untrained.write(checkpoint, plan, expected, Map.of());
        }
        Path out = folder.resolve("w0-dcp");
        JsonNode json = new ObjectMapper()
                .readTree(JobRun.init(template, "-o", out, "--seed", 42).json());
        assertEquals(3, json.path("shards").path("written").asInt());
        assertEquals(names(expected), names(out));
        for (String name : names(expected)) {
            assertArrayEquals(Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(out.resolve(name)), name);
        }
        Path beside = folder.resolve("w0-dcp.plan.json");
        assertEquals(PlanJson.write(plan) + "\n", Files.readString(beside));
        JsonNode audit = new ObjectMapper().readTree(JobRun.audit(out).json()).path("total");
        assertEquals(audit.path("elements"), audit.path("bitIdentical"));
        Files.writeString(folder.resolve("w1-dcp.plan.json"), "another plan");
        JobRun refused = JobRun.init(template, "-o", folder.resolve("w1-dcp"), "--seed", 42);
        assertEquals(
                "InitJob: " + folder.resolve("w1-dcp.plan.json") + ": already exists; --force replaces it",
                refused.error());
        assertFalse(Files.exists(folder.resolve("w1-dcp")));
        JobRun.init(template, "-o", folder.resolve("w1-dcp"), "--seed", 42, "--force")
                .json();
        assertEquals(Files.readString(beside), Files.readString(folder.resolve("w1-dcp.plan.json")));
    }

    private static void assertInitial(Checkpoint template, Plan plan, Checkpoint written) throws IOException {
        Map<String, TensorView> initial = Untrained.replacements(template.tensors(), plan);
        assertFalse(initial.isEmpty());
        assertEquals(template.tensors().size(), written.tensors().size());
        for (TensorView tensor : template.tensors()) {
            String name = tensor.info().name();
            assertArrayEquals(
                    bytes(initial.getOrDefault(name, tensor)),
                    bytes(written.find(name).orElseThrow()),
                    name);
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, bytes);
        return bytes.array();
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path out = folder.resolve("w0-again");
        Path dead = Files.createFile(folder.resolve(Samples.shard(2) + ".dead"));
        JobRun run = JobRun.init("faulty:" + index, "-o", out, "--seed", 42);
        assertEquals(4, run.code());
        assertTrue(run.error().endsWith(Samples.shard(2) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve(Samples.INDEX)), "no index before all shards are there");
        Map<String, FileTime> there = new HashMap<>();
        for (String name : new ArrayList<>(names(out))) {
            if (name.endsWith(".safetensors")) {
                there.put(name, Files.getLastModifiedTime(out.resolve(name)));
            }
        }
        assertFalse(there.isEmpty(), "a shard was finished");
        assertEquals(2, JobRun.init("faulty:" + index, "-o", out, "--seed", 43).code(), "another seed");
        Files.delete(dead);
        JsonNode json = new ObjectMapper()
                .readTree(
                        JobRun.init("faulty:" + index, "-o", out, "--seed", 42).json());
        int found = json.path("shards").path("found").asInt();
        assertTrue(
                found >= there.size(),
                "a shard that was under way when the run failed may have been finished: " + found);
        assertTrue(json.path("shards").path("written").asInt() > 0);
        for (Map.Entry<String, FileTime> shard : there.entrySet()) {
            assertEquals(shard.getValue(), Files.getLastModifiedTime(out.resolve(shard.getKey())), "not written again");
        }
        assertSame(out);
    }

    @Test
    void wrongOptionsAreOneLine() {
        assertEquals(2, JobRun.init(index, "-o", folder.resolve("none")).code());
        assertEquals(2, JobRun.init(index, "--seed", 1).code());
        JobRun here = JobRun.init(index, "-o", folder, "--seed", 1);
        assertEquals("InitJob: " + folder + " is the folder of the template; name another one", here.error());
        assertEquals(2, here.code());
    }
}
