package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitRules;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sharded sets packed and unpacked shard by shard, against what one machine packs of each shard. */
class SparkDeltaTest {

    private static final int SHARDS = 3;

    @TempDir
    static Path folder;

    private static Path index;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
    }

    private static Plan plan() throws IOException {
        try (Checkpoint checkpoint = Samples.open(index)) {
            return new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
        }
    }

    private static String delta(int k) {
        return Samples.shard(k).replace(".safetensors", ".delta");
    }

    private static void assertDeltas(Path packed, AloneDelta alone) throws IOException {
        for (int k = 0; k < SHARDS; k++) {
            alone.assertPacked(folder.resolve(Samples.shard(k)), packed.resolve(delta(k)));
        }
    }

    private static JsonNode tree(String json) throws IOException {
        return new ObjectMapper().readTree(json);
    }

    @Test
    void theSetComesBackBitForBit() throws IOException {
        Path packed = folder.resolve("packed");
        JsonNode json =
                tree(JobRun.delta("pack", index, "-o", packed, "--seed", 42).json());
        assertDeltas(packed, AloneDelta.exact(plan()));
        assertTrue(json.path("exact").asBoolean());
        assertEquals("safetensors (sharded)", json.path("format").asText());
        assertEquals(8, json.path("tensors").size());
        assertEquals(3, json.path("shards").path("written").asInt());
        long before = 0;
        long after = 0;
        for (int k = 0; k < SHARDS; k++) {
            before += Files.size(folder.resolve(Samples.shard(k)));
            after += Files.size(packed.resolve(delta(k)));
        }
        assertEquals(before, json.path("bytes").path("before").asLong());
        assertEquals(after, json.path("bytes").path("after").asLong());
        assertTrue(after < before);

        Path back = folder.resolve("back");
        JsonNode unpacked = tree(JobRun.delta("unpack", packed, "-o", back).json());
        assertTrue(unpacked.path("exact").asBoolean());
        assertEquals(8, unpacked.path("tensors").asInt());
        assertEquals(json.path("kept"), unpacked.path("kept"));
        assertEquals(after, unpacked.path("bytes").path("before").asLong());
        assertArrayEquals(Files.readAllBytes(index), Files.readAllBytes(back.resolve(Samples.INDEX)));
        for (int k = 0; k < SHARDS; k++) {
            AloneDelta.assertSameTensors(folder.resolve(Samples.shard(k)), back.resolve(Samples.shard(k)));
            AloneDelta.assertUnpacked(packed.resolve(delta(k)), back.resolve(Samples.shard(k)));
        }

        JobRun again = JobRun.delta("pack", index, "-o", packed, "--seed", 42);
        assertEquals(2, again.code());
        assertTrue(again.error().startsWith("DeltaJob: " + packed + ": is not empty"), again.err());
        assertEquals(2, JobRun.delta("unpack", packed, "-o", back).code());
        JobRun.delta("unpack", packed, "-o", back, "--force").json();
        JobRun values = JobRun.delta("unpack", packed, "-o", folder.resolve("no"), "--values", "fp16");
        assertEquals(2, values.code());
        checkDamaged(packed);
    }

    /** A delta that is missing or was cut off is named before anything is written. */
    private static void checkDamaged(Path packed) throws IOException {
        Path out = folder.resolve("damaged");
        Path cut = packed.resolve(delta(1));
        byte[] whole = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(whole, whole.length - 100));
        JobRun run = JobRun.delta("unpack", packed, "-o", out);
        assertEquals(3, run.code());
        assertTrue(run.error().contains(delta(1)), run.err());
        Files.delete(cut);
        JobRun missing = JobRun.delta("unpack", packed, "-o", out);
        assertEquals(4, missing.code());
        assertTrue(missing.error().endsWith(delta(1) + ": a delta that detinit-delta-set.json names"), missing.err());
        assertFalse(Files.exists(out));
    }

    @Test
    void weightsThatASelectionLeavesOut() throws IOException {
        AloneDelta alone = AloneDelta.sparse(index, plan(), 0.8, ValueType.FP16);
        for (int partitions : List.of(1, 7)) {
            Path packed = folder.resolve("selected" + partitions);
            JsonNode json = tree(JobRun.delta(
                            "pack",
                            index,
                            "-o",
                            packed,
                            "--seed",
                            42,
                            "--sparsity",
                            0.8,
                            "--values",
                            "fp16",
                            "--partitions",
                            partitions)
                    .json());
            assertFalse(json.path("exact").asBoolean());
            assertEquals("fp16", json.path("valueType").asText());
            assertDeltas(packed, alone);
        }
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path out = folder.resolve("again");
        Path dead = Files.createFile(folder.resolve(Samples.shard(2) + ".dead"));
        JobRun run = JobRun.delta("pack", "faulty:" + index, "-o", out, "--seed", 42);
        assertEquals(4, run.code());
        assertTrue(run.error().endsWith(Samples.shard(2) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve("detinit-delta-set.json")), "no manifest before all deltas are there");
        assertFalse(Files.exists(out.resolve(delta(2))));
        assertEquals(
                2,
                JobRun.delta("pack", "faulty:" + index, "-o", out, "--seed", 43).code(),
                "another seed");
        assertEquals(
                4, JobRun.delta("unpack", out, "-o", folder.resolve("early")).code(), "no manifest yet");
        Files.delete(dead);
        JsonNode json = tree(
                JobRun.delta("pack", "faulty:" + index, "-o", out, "--seed", 42).json());
        assertTrue(json.path("shards").path("found").asInt() > 0);
        assertDeltas(out, AloneDelta.exact(plan()));
        Path other = folder.resolve("other");
        ObjectNode once = (ObjectNode) tree(JobRun.delta("pack", "faulty:" + index, "-o", other, "--seed", 42)
                .json());
        once.remove(List.of("output", "shards"));
        assertEquals(once, ((ObjectNode) json).remove(List.of("output", "shards")), "the sums are of all shards");

        Path back = folder.resolve("again-back");
        Path lost = Files.createFile(out.resolve(delta(0) + ".dead"));
        assertEquals(4, JobRun.delta("unpack", "faulty:" + out, "-o", back).code());
        assertFalse(Files.exists(back.resolve(Samples.INDEX)));
        Files.delete(lost);
        JobRun.delta("unpack", "faulty:" + out, "-o", back).json();
        for (int k = 0; k < SHARDS; k++) {
            AloneDelta.assertSameTensors(folder.resolve(Samples.shard(k)), back.resolve(Samples.shard(k)));
        }
    }

    @Test
    void aSingleFile() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        Path packed = folder.resolve("one");
        JobRun.delta("pack", shard, "-o", packed, "--seed", 42).json();
        Path back = folder.resolve("one-back");
        JobRun.delta("unpack", packed, "-o", back).json();
        AloneDelta.assertSameTensors(shard, back.resolve(Samples.shard(1)));
    }

    /** A folder whose tensors lie across its files is packed as the safetensors files that would hold them. */
    @Test
    void aDistributedCheckpoint() throws IOException {
        Path pieces = TorchSamples.distributed(folder.resolve("pieces"));
        Plan plan;
        try (Checkpoint checkpoint = Samples.open(pieces)) {
            plan = Samples.plan(checkpoint);
        }
        Configuration conf = JobRun.session().sparkContext().hadoopConfiguration();
        Path packed = folder.resolve("pieces-packed");
        Path sparse = folder.resolve("pieces-sparse");
        conf.setLong(DeltaLayout.SHARD_BYTES, 1_700_000); // the embedding alone has more
        JsonNode json;
        try {
            json = tree(JobRun.delta("pack", pieces, "-o", packed, "--seed", 42).json());
            JobRun.delta("pack", pieces, "-o", sparse, "--seed", 42, "--sparsity", 0.8, "--partitions", 7)
                    .json();
        } finally {
            conf.unset(DeltaLayout.SHARD_BYTES);
        }
        assertEquals(SHARDS, json.path("shards").path("written").asInt());
        assertTrue(json.path("notes").get(0).asText().startsWith("packed as safetensors"), json.toString());
        Path set = Files.createDirectory(folder.resolve("as-safetensors"));
        List<TensorView> tensors = Samples.tensors();
        List<List<TensorView>> groups = List.of(tensors.subList(0, 1), tensors.subList(1, 7), tensors.subList(7, 8));
        AloneDelta exact = AloneDelta.exact(plan);
        AloneDelta selected = AloneDelta.sparse(pieces, plan, 0.8, ValueType.FILE);
        Path back = folder.resolve("pieces-back");
        JsonNode unpacked = tree(JobRun.delta("unpack", packed, "-o", back).json());
        assertEquals("safetensors", unpacked.path("format").asText());
        for (int k = 0; k < SHARDS; k++) {
            Path shard = set.resolve(Samples.shard(k));
            SafetensorsWriter.write(shard, groups.get(k), Map.of());
            exact.assertPacked(shard, packed.resolve(delta(k)));
            selected.assertPacked(shard, sparse.resolve(delta(k)));
            assertArrayEquals(Files.readAllBytes(shard), Files.readAllBytes(back.resolve(Samples.shard(k))));
        }
        try (Checkpoint again = Samples.open(back.resolve(Samples.INDEX))) {
            assertEquals(PlanJson.write(plan), again.metadata().get(Checkpoint.PLAN_KEY));
            assertEquals(
                    tensors.stream().map(TensorView::info).toList(),
                    again.tensors().stream().map(TensorView::info).toList());
        }

        Path one = folder.resolve("pieces-one");
        JobRun.delta("pack", pieces, "-o", one, "--seed", 42).json();
        Path file = set.resolve("pieces.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
        exact.assertPacked(file, one.resolve("pieces.delta"));
        Path hidden = Files.move(pieces, folder.resolve(".pieces")); // whose files would not be names of a set
        Path named = folder.resolve("pieces-named");
        JobRun.delta("pack", hidden, "-o", named, "--seed", 42).json();
        assertTrue(Files.exists(named.resolve("model.delta")));
        Files.move(hidden, pieces);
        JobRun here = JobRun.delta("pack", pieces, "-o", pieces, "--seed", 42, "--force");
        assertEquals("DeltaJob: " + pieces + " is the folder of the model; name another one", here.error());
    }

    @Test
    void badInputIsOneLine() throws IOException {
        Path copy = Files.createDirectory(folder.resolve("cut"));
        for (int k = 0; k < SHARDS; k++) {
            Files.copy(folder.resolve(Samples.shard(k)), copy.resolve(Samples.shard(k)));
        }
        Files.copy(index, copy.resolve(Samples.INDEX));
        Path cut = copy.resolve(Samples.shard(2));
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 5000));
        JobRun run = JobRun.delta("pack", copy, "-o", folder.resolve("cut-out"), "--seed", 1);
        assertEquals(3, run.code());
        assertTrue(run.error().contains(Samples.shard(2)), run.err());
        JobRun file = JobRun.delta("pack", index, "-o", folder.resolve("x"), "--init-file", index);
        assertEquals(2, file.code());
        assertTrue(file.error().contains("a delta holds a seed, not a file to compare with: --init-file"), file.err());
        JobRun here = JobRun.delta("pack", index, "-o", folder, "--seed", 1);
        assertEquals("DeltaJob: " + folder + " is the folder of the model; name another one", here.error());
        assertEquals(2, JobRun.delta("pack", index, "-o", folder.resolve("x")).code());
        assertEquals(2, JobRun.delta("fold", index, "-o", folder.resolve("x")).code());
        assertEquals(
                2,
                JobRun.delta("pack", index, "-o", folder.resolve("x"), "--seed", 1, "--values", "int4")
                        .code());
    }
}
