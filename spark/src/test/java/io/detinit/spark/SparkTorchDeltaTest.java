package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PyTorch files and sets of them packed and unpacked, against what one machine packs and unpacks of each file. */
class SparkTorchDeltaTest {

    private static final int SHARDS = 3;
    private static final String SKELETON = "detinit.skeleton";

    @TempDir
    static Path folder;

    private static Path index;

    @BeforeAll
    static void write() throws IOException {
        index = TorchSamples.sharded(folder);
    }

    private static String delta(int k) {
        return TorchSamples.shard(k).replace(".bin", ".delta");
    }

    private static Plan plan(Path file) throws IOException {
        try (Checkpoint checkpoint = Samples.open(file)) {
            return Samples.plan(checkpoint);
        }
    }

    private static JsonNode tree(JobRun run) throws IOException {
        return new ObjectMapper().readTree(run.json());
    }

    private static void assertDeltas(Path packed, AloneDelta alone) throws IOException {
        for (int k = 0; k < SHARDS; k++) {
            alone.assertPacked(folder.resolve(TorchSamples.shard(k)), packed.resolve(delta(k)));
        }
    }

    @Test
    void theSetComesBackBitForBit() throws IOException {
        Path packed = folder.resolve("packed");
        JsonNode json = tree(JobRun.delta("pack", index, "-o", packed, "--seed", 42));
        assertDeltas(packed, AloneDelta.exact(plan(index)));
        assertEquals("pytorch (sharded)", json.path("format").asText());
        assertTrue(json.path("exact").asBoolean());
        assertTrue(json.path("bytes").path("skeleton").asLong() > 0);
        assertEquals(0, json.path("notes").size());
        Path back = folder.resolve("back");
        JsonNode unpacked = tree(JobRun.delta("unpack", packed, "-o", back));
        assertEquals("pytorch", unpacked.path("format").asText());
        assertEquals("skeleton", unpacked.path("container").asText());
        assertEquals(json.path("kept"), unpacked.path("kept"));
        assertArrayEquals(Files.readAllBytes(index), Files.readAllBytes(back.resolve(TorchSamples.INDEX)));
        for (int k = 0; k < SHARDS; k++) {
            AloneDelta.assertSameTensors(folder.resolve(TorchSamples.shard(k)), back.resolve(TorchSamples.shard(k)));
            AloneDelta.assertUnpacked(packed.resolve(delta(k)), back.resolve(TorchSamples.shard(k)));
        }
    }

    @Test
    void weightsThatASelectionLeavesOut() throws IOException {
        AloneDelta alone = AloneDelta.sparse(index, plan(index), 0.8, ValueType.BF16);
        for (int partitions : List.of(1, 2, 7, 64)) {
            Path packed = folder.resolve("selected" + partitions);
            String options = "--seed 42 --sparsity 0.8 --values bf16 --partitions " + partitions;
            List<Object> line = new ArrayList<>(List.of("pack", index, "-o", packed));
            line.addAll(List.of(options.split(" ")));
            assertFalse(tree(JobRun.delta(line.toArray())).path("exact").asBoolean());
            assertDeltas(packed, alone);
        }
    }

    /** Turned, cut out of something wider, every second element, tied, and a buffer. */
    @Test
    void viewsAndTiedTensors() throws IOException {
        Path file = TorchSamples.views(folder.resolve("views.pt"));
        Path packed = folder.resolve("views");
        tree(JobRun.delta("pack", file, "-o", packed, "--seed", 42));
        AloneDelta.exact(plan(file)).assertPacked(file, packed.resolve("views.delta"));
        Path back = folder.resolve("views-back");
        tree(JobRun.delta("unpack", packed, "-o", back));
        AloneDelta.assertSameTensors(file, back.resolve("views.pt"));
        AloneDelta.assertUnpacked(packed.resolve("views.delta"), back.resolve("views.pt"));
        Path sparse = folder.resolve("views-sparse");
        tree(JobRun.delta("pack", file, "-o", sparse, "--seed", 42, "--sparsity", 0.5, "--partitions", 7));
        AloneDelta.sparse(file, plan(file), 0.5, ValueType.FILE).assertPacked(file, sparse.resolve("views.delta"));
    }

    /** Files that PyTorch wrote: legacy ones, TorchScript, optimizer state, and views of one memory that no container can be made of. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "trained/mlp-addressable.legacy.pt",
                "trained/mlp-addressable.torchscript.pt",
                "trained/mlp-addressable.ckpt",
                "trained/views.pt",
                "pt-legacy/band-gap.pth.tar",
                "pt-legacy/legacy_shared_storage.pt",
                "torchscript/script_module_v6.ptl"
            })
    void realFiles(String name) throws IOException {
        Path file = Path.of("../../shared/fixtures", name);
        assumeTrue(Files.exists(file));
        String own = String.valueOf(file.getFileName());
        Path packed = folder.resolve(own + "-packed");
        JsonNode json = tree(JobRun.delta("pack", file, "-o", packed, "--seed", 42));
        Path delta = packed.resolve(DeltaSet.deltasOf(List.of(own)).get(0));
        AloneDelta.exact(plan(file)).assertPacked(file, delta);
        Path back = folder.resolve(own + "-back");
        JsonNode unpacked = tree(JobRun.delta("unpack", packed, "-o", back));
        assertEquals(json.path("format"), unpacked.path("format"));
        AloneDelta.assertUnpacked(delta, back.resolve(own));
        Path sidecar = back.resolve(own + ".plan.json");
        boolean legacy = json.path("format").asText().equals("pytorch-legacy");
        assertEquals(legacy, Files.exists(sidecar), "where the format has no place for the plan");
        if (legacy) {
            assertEquals(sidecar.toString(), unpacked.path("planFile").asText());
            assertEquals(PlanJson.write(plan(file)) + "\n", Files.readString(sidecar));
        }
        boolean whole = !name.equals("trained/views.pt");
        assertEquals(
                whole ? "skeleton" : "state_dict", unpacked.path("container").asText());
        assertEquals(whole ? 0 : 1, json.path("notes").size());
        if (whole) {
            AloneDelta.assertSameTensors(file, back.resolve(own));
        }
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path out = folder.resolve("again");
        Path dead = Files.createFile(folder.resolve(TorchSamples.shard(2) + ".dead"));
        JobRun run = JobRun.delta("pack", "faulty:" + index, "-o", out, "--seed", 42);
        assertEquals(4, run.code());
        assertTrue(run.error().endsWith(TorchSamples.shard(2) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve(DeltaSet.MANIFEST)));
        Files.delete(dead);
        JsonNode json = tree(JobRun.delta("pack", "faulty:" + index, "-o", out, "--seed", 42));
        assertTrue(json.path("shards").path("found").asInt() > 0);
        assertDeltas(out, AloneDelta.exact(plan(index)));
        Path other = folder.resolve("other");
        ObjectNode once = (ObjectNode) tree(JobRun.delta("pack", "faulty:" + index, "-o", other, "--seed", 42));
        once.remove(List.of("output", "shards"));
        assertEquals(once, ((ObjectNode) json).remove(List.of("output", "shards")), "the sums are of all shards");

        Path back = folder.resolve("again-back");
        Path lost = Files.createFile(out.resolve(delta(0) + ".dead"));
        assertEquals(4, JobRun.delta("unpack", "faulty:" + out, "-o", back).code());
        assertFalse(Files.exists(back.resolve(TorchSamples.INDEX)));
        Files.delete(lost);
        JsonNode rest = tree(JobRun.delta("unpack", "faulty:" + out, "-o", back));
        assertEquals("skeleton", rest.path("container").asText());
        for (int k = 0; k < SHARDS; k++) {
            AloneDelta.assertSameTensors(folder.resolve(TorchSamples.shard(k)), back.resolve(TorchSamples.shard(k)));
        }
        assertTrue(Files.exists(back.resolve(TorchSamples.INDEX)));
    }

    @Test
    void damagedShardsAreOneLine() throws IOException {
        Path copy = Files.createDirectory(folder.resolve("cut"));
        TorchSamples.sharded(copy);
        Path cut = copy.resolve(TorchSamples.shard(2));
        byte[] bytes = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length - 100));
        JobRun run = JobRun.delta("pack", copy, "-o", folder.resolve("cut-out"), "--seed", 42);
        assertEquals(3, run.code());
        assertTrue(run.error().startsWith("DeltaJob: " + cut + ": zip archive"), run.err());
        Files.delete(cut);
        JobRun missing = JobRun.delta("pack", copy, "-o", folder.resolve("cut-out"), "--seed", 42);
        assertEquals(4, missing.code());
        assertEquals(
                "DeltaJob: " + cut + ": a shard that " + TorchSamples.INDEX + " names", missing.error(), missing.err());
        assertFalse(Files.exists(folder.resolve("cut-out")));
    }

    /** The container is not what was packed: another kind of file, an index of files that are not there, a chunk that cannot be. */
    @Test
    void aDamagedContainerIsOneLine() throws IOException {
        Path packed = folder.resolve("hurt");
        Path file = folder.resolve(TorchSamples.shard(1));
        tree(JobRun.delta("pack", file, "-o", packed, "--seed", 42));
        Path delta = packed.resolve(delta(1));
        byte[] whole = Files.readAllBytes(delta);
        String index = "{\"weight_map\":{\"norm.weight\":\"" + TorchSamples.shard(1) + "\"}}";
        List<byte[]> containers = List.of(
                new byte[100],
                "\b\7\22\7pytorch:".getBytes(StandardCharsets.UTF_8),
                index.getBytes(StandardCharsets.UTF_8));
        for (byte[] container : containers) {
            replaceContainer(delta, container);
            assertRefused(packed, "tensor '" + SKELETON + "'");
        }
        Files.write(delta, whole);
        try (SafetensorsFile open = SafetensorsFile.open(delta)) {
            ByteBuffer table = ByteBuffer.allocate(8);
            TensorView chunks = open.find(SKELETON).orElseThrow();
            chunks.readBytes(0, table);
            int at = new String(whole, StandardCharsets.ISO_8859_1)
                    .indexOf(new String(table.array(), StandardCharsets.ISO_8859_1));
            whole[at + 7] = 9; // no such encoding
        }
        Files.write(delta, whole);
        manifest(delta);
        assertRefused(packed, SKELETON);
    }

    private static void assertRefused(Path packed, String found) {
        Path out = folder.resolve("hurt-back");
        JobRun run = JobRun.delta("unpack", packed, "-o", out, "--force");
        assertTrue(run.error().startsWith("DeltaJob: " + packed.resolve(delta(1))), run.err());
        assertTrue(run.error().contains(found), run.err());
        assertEquals(3, run.code(), run.err());
        assertFalse(Files.exists(out.resolve(TorchSamples.shard(1))));
    }

    /** Writes the delta anew with another container. */
    private static void replaceContainer(Path delta, byte[] container) throws IOException {
        List<TensorView> tensors = new ArrayList<>();
        Map<String, String> metadata;
        try (SafetensorsFile open = SafetensorsFile.open(delta)) {
            metadata = new HashMap<>(open.metadata());
            for (TensorView tensor : open.tensors()) {
                ByteBuffer bytes = ByteBuffer.allocate((int) tensor.info().bytes());
                tensor.readBytes(0, bytes);
                if (!tensor.info().name().equals(SKELETON)) {
                    tensors.add(ArrayTensor.of(tensor.info(), bytes.flip()));
                }
            }
        }
        ByteBuffer chunk = ByteBuffer.allocate(8 + container.length).order(ByteOrder.LITTLE_ENDIAN);
        chunk.putInt(0).putInt(2 << 24 | container.length).put(container).flip(); // the bytes themselves
        TensorShape shape = TensorShape.of(chunk.remaining());
        tensors.add(ArrayTensor.of(new TensorInfo(SKELETON, DType.U8, shape, TensorInfo.Kind.OTHER), chunk));
        metadata.computeIfPresent(
                "detinit.delta",
                (key, text) -> text.replaceAll("\"skeleton\":[0-9]+", "\"skeleton\":" + container.length));
        SafetensorsWriter.write(delta, tensors, metadata);
        manifest(delta);
    }

    private static void manifest(Path delta) throws IOException {
        DeltaSet.Shard shard = new DeltaSet.Shard(delta(1), TorchSamples.shard(1), Files.size(delta));
        Path manifest = delta.resolveSibling(DeltaSet.MANIFEST);
        Files.deleteIfExists(delta.resolveSibling("." + DeltaSet.MANIFEST + ".crc"));
        Files.deleteIfExists(delta.resolveSibling("." + delta.getFileName() + ".crc"));
        Files.write(manifest, new DeltaSet("", "", List.of(shard)).write());
    }

    @Test
    void templates() throws IOException {
        Path packed = folder.resolve("for-template");
        tree(JobRun.delta("pack", index, "-o", packed, "--seed", 42));
        Path blank = folder.resolve("blank");
        tree(JobRun.init(index, "-o", blank, "--seed", 7));
        Path back = folder.resolve("template-back");
        JsonNode json = tree(JobRun.delta("unpack", packed, "-o", back, "--template", blank));
        assertEquals("template", json.path("container").asText());
        assertEquals("pytorch", json.path("format").asText());
        for (int k = 0; k < SHARDS; k++) {
            Path alone = folder.resolve("template-alone");
            try (DeltaFile delta = DeltaFile.open(packed.resolve(delta(k)));
                    Checkpoint template = Samples.open(blank.resolve(TorchSamples.shard(k)))) {
                DeltaUnpacker.unpack(delta, template, alone);
            }
            assertArrayEquals(
                    Files.readAllBytes(alone), Files.readAllBytes(back.resolve(TorchSamples.shard(k))), "shard " + k);
        }
        assertArrayEquals(
                Files.readAllBytes(blank.resolve(TorchSamples.INDEX)),
                Files.readAllBytes(back.resolve(TorchSamples.INDEX)));
        JobRun again = JobRun.delta("unpack", packed, "-o", blank, "--template", blank);
        assertEquals("DeltaJob: " + blank + " is the folder of the template; name another one", again.error());

        Path safetensors = folder.resolve("safetensors");
        Samples.write(Files.createDirectory(safetensors));
        Path one = folder.resolve("one");
        tree(JobRun.delta("pack", safetensors.resolve(Samples.shard(1)), "-o", one, "--seed", 42));
        Path other = folder.resolve("one-back"); // into another format, under the template's name
        tree(JobRun.delta("unpack", one, "-o", other, "--template", blank.resolve(TorchSamples.shard(1))));
        try (Checkpoint written = Samples.open(other.resolve(TorchSamples.shard(1)))) {
            assertEquals("pytorch", written.format());
            assertTrue(written.metadata().containsKey(Checkpoint.PLAN_KEY));
        }
        JobRun wrong = JobRun.delta("unpack", one, "-o", folder.resolve("none"), "--template", blank);
        assertEquals(2, wrong.code());
        assertTrue(wrong.error().startsWith("DeltaJob: " + blank + " is "), wrong.err());
        JobRun set = JobRun.delta("unpack", packed, "-o", folder.resolve("none"), "--template", safetensors);
        assertTrue(set.error().contains("the template has to have the same files"), set.err());
        JobRun pack = JobRun.delta("pack", index, "-o", folder.resolve("none"), "--seed", 42, "--template", blank);
        assertEquals("DeltaJob: --template goes with unpack", pack.error());
        assertFalse(Files.exists(folder.resolve("none")));
    }

    /** A legacy file as the template of what was packed from safetensors. */
    @Test
    void aTemplateWithoutAPlaceForThePlan() throws IOException {
        Path file = Path.of("../../shared/fixtures/trained/mlp-addressable.safetensors");
        Path legacy = Path.of("../../shared/fixtures/trained/mlp-addressable.legacy.pt");
        assumeTrue(Files.exists(file) && Files.exists(legacy));
        Path packed = folder.resolve("mlp");
        tree(JobRun.delta("pack", file, "-o", packed, "--seed", 42));
        Path back = folder.resolve("mlp-back");
        JsonNode json = tree(JobRun.delta("unpack", packed, "-o", back, "--template", legacy));
        assertEquals("pytorch-legacy", json.path("format").asText());
        AloneDelta.assertSameTensors(legacy, back.resolve("mlp-addressable.legacy.pt"));
        Path sidecar = back.resolve("mlp-addressable.legacy.pt.plan.json");
        assertEquals(sidecar.toString(), json.path("planFile").asText());
        assertEquals(PlanJson.write(plan(file)) + "\n", Files.readString(sidecar));
    }

    @Test
    void deltasHaveNamesOfTheirOwn() {
        assertEquals(List.of("a.delta", "b.pt.tar.delta"), DeltaSet.deltasOf(List.of("a.bin", "b.pt.tar")));
        assertEquals(List.of("a.bin.delta", "a.pt.delta"), DeltaSet.deltasOf(List.of("a.bin", "a.pt")));
    }
}
