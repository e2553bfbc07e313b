package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.ToolVersion;
import io.detinit.generator.InitRules;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaOptions;
import io.detinit.interop.delta.DeltaPacker;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.mask.Candidates;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /** What one machine packs of a shard. */
    private static void assertDeltas(
            Path packed, ValueType values, Optional<String> record, Optional<Map<String, Mask>> masks)
            throws IOException {
        Plan plan = plan();
        for (int k = 0; k < SHARDS; k++) {
            try (Checkpoint shard = Samples.open(folder.resolve(Samples.shard(k)))) {
                Map<String, String> names = new LinkedHashMap<>();
                Map<String, StoredOrder> orders = new HashMap<>();
                Map<String, Mask> own = new LinkedHashMap<>();
                for (TensorView tensor : shard.tensors()) {
                    String name = tensor.info().name();
                    plan.find(name).ifPresent(entry -> {
                        names.put(name, name);
                        orders.put(name, entry.stored());
                    });
                    masks.map(all -> all.get(name)).ifPresent(mask -> own.put(name, mask));
                }
                Path alone = folder.resolve("alone.delta");
                Plan part = plan.forFile(names, orders);
                DeltaPacker packer = new DeltaPacker(new DeltaOptions(values, 2, ToolVersion.name(), record));
                if (masks.isPresent()) {
                    packer.pack(shard, part, own, alone, done -> {});
                } else {
                    packer.pack(shard, part, alone, done -> {});
                }
                assertArrayEquals(Files.readAllBytes(alone), Files.readAllBytes(packed.resolve(delta(k))), delta(k));
            }
        }
    }

    private static void assertSameTensors(Path expected, Path found) throws IOException {
        try (Checkpoint a = Samples.open(expected);
                Checkpoint b = Samples.open(found)) {
            assertEquals(a.metadata(), b.metadata());
            assertEquals(a.tensors().size(), b.tensors().size());
            for (TensorView tensor : a.tensors()) {
                TensorView other = b.find(tensor.info().name()).orElseThrow();
                assertEquals(tensor.info(), other.info());
                assertArrayEquals(bytes(tensor), bytes(other), tensor.info().name());
            }
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, bytes);
        return bytes.array();
    }

    private static JsonNode tree(String json) throws IOException {
        return new ObjectMapper().readTree(json);
    }

    @Test
    void theSetComesBackBitForBit() throws IOException {
        Path packed = folder.resolve("packed");
        JsonNode json =
                tree(JobRun.delta("pack", index, "-o", packed, "--seed", 42).json());
        assertDeltas(packed, ValueType.FILE, Optional.empty(), Optional.empty());
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
            assertSameTensors(folder.resolve(Samples.shard(k)), back.resolve(Samples.shard(k)));
            Path alone = folder.resolve("alone.safetensors"); // a delta of the set by itself
            try (DeltaFile file = DeltaFile.open(packed.resolve(delta(k)))) {
                DeltaUnpacker.unpack(file, DeltaUnpacker.Container.SAFETENSORS, alone);
            }
            assertArrayEquals(Files.readAllBytes(alone), Files.readAllBytes(back.resolve(Samples.shard(k))));
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
        Selection selection = new Selection(
                Criterion.MOVEMENT,
                new Selection.Sparsity(0.8),
                Selection.Scope.GLOBAL,
                new Candidates(new NameFilter(List.of(), List.of()), false, false, false),
                0);
        Map<String, Mask> masks;
        String record;
        try (Checkpoint checkpoint = Samples.open(index)) {
            Baseline baseline = Baseline.of(plan(), checkpoint);
            Selected selected = new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), selection, done -> {});
            masks = StoredMasks.of(selected.masks(), baseline).masks();
            ObjectNode fields =
                    MaskRecord.of(selection, selected, baseline, "", "").fields();
            fields.remove("source");
            fields.remove("tool");
            record = fields.toString();
        }
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
            assertDeltas(packed, ValueType.FP16, Optional.of(record), Optional.of(masks));
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
        assertDeltas(out, ValueType.FILE, Optional.empty(), Optional.empty());
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
            assertSameTensors(folder.resolve(Samples.shard(k)), back.resolve(Samples.shard(k)));
        }
    }

    @Test
    void aSingleFile() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        Path packed = folder.resolve("one");
        JobRun.delta("pack", shard, "-o", packed, "--seed", 42).json();
        Path back = folder.resolve("one-back");
        JobRun.delta("unpack", packed, "-o", back).json();
        assertSameTensors(shard, back.resolve(Samples.shard(1)));
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
        Path bin = TorchSamples.sharded(Files.createDirectory(folder.resolve("bin")));
        JobRun torch = JobRun.delta("pack", bin, "-o", folder.resolve("x"), "--seed", 42);
        assertEquals(2, torch.code());
        assertTrue(torch.error().contains("pytorch (sharded); DeltaJob packs safetensors"), torch.err());
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
