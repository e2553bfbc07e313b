package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selected;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks of the engine against those of one machine, bit for bit. */
class SparkMaskTest {

    @TempDir
    static Path folder;

    private static Path index;
    private static int outputs;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
    }

    private static Path out() {
        return folder.resolve("out-" + outputs++);
    }

    private static List<Object> args(Path file, Path out, String... options) {
        List<Object> args = new ArrayList<>(List.of(file, "-o", out, "--seed", 42));
        args.addAll(Arrays.asList(options));
        return args;
    }

    private static void check(int partitions, String... options) throws IOException {
        Alone alone = Alone.once(index, options);
        Path out = out();
        List<Object> args = args(index, out, options);
        args.addAll(List.of("--partitions", partitions));
        JsonNode json = new ObjectMapper().readTree(JobRun.mask(args.toArray()).json());
        same(alone, out, json);
    }

    private static void same(Alone alone, Path out, JsonNode json) throws IOException {
        ObjectNode fields = json.deepCopy();
        fields.put("output", "").put("bytes", 0).remove("shards");
        // through text: numbers of one value have several kinds of nodes
        assertEquals(new ObjectMapper().readTree(alone.json().toString()), fields);
        try (Checkpoint set = Samples.open(out.resolve(Samples.INDEX))) {
            assertEquals(alone.metadata().get(MaskRecord.KEY), set.metadata().get(MaskRecord.KEY));
            assertEquals(
                    alone.metadata().get(Checkpoint.PLAN_KEY), set.metadata().get(Checkpoint.PLAN_KEY));
            assertEquals(List.of(), set.warnings());
        }
        StoredMasks read = MaskFile.read(out.resolve(Samples.INDEX)).stored();
        assertEquals(
                List.copyOf(alone.masks().masks().keySet()),
                List.copyOf(read.masks().keySet()));
        assertEquals(alone.masks(), read);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void theMasksAreThoseOfOneMachine(int partitions) throws IOException {
        check(partitions, "--sparsity", "0.43"); // among weights that have not moved
        if (partitions > 2) {
            check(partitions, "--sparsity", "0.7", "--scope", "layer", "--criterion", "magnitude_same_sign");
        }
    }

    @Test
    void otherSelections() throws IOException {
        check(7, "--sparsity", "0.9", "--criterion", "random", "--random-seed", "5", "--protect-last");
        check(3, "--sparsity", "0.5", "--criterion", "large_init_large_final", "--prune-vectors", "--protect-first");
        check(2, "--threshold", "1e-4");
        check(2, "--threshold=-0.01", "--criterion", "small_final_same_sign");
        check(2, "--pattern", "2:4", "--criterion", "magnitude", "--exclude", "half*");
        check(2, "--sparsity", "1", "--include", "fc*");
    }

    /** The file of the command, byte for byte. */
    @Test
    void aSingleFile() throws IOException {
        Path file = folder.resolve(Samples.shard(2));
        Alone alone = Alone.of(file, "--sparsity", "0.5");
        Path expected = folder.resolve("alone.safetensors");
        try (Checkpoint checkpoint = Samples.open(file)) {
            Plan plan = Samples.plan(checkpoint);
            Baseline baseline = Baseline.of(plan, checkpoint);
            SelectOptions select = new SelectOptions();
            select.sparsity = 0.5;
            Selected selected =
                    new Selector(baseline, 2).selectWithCut(checkpoint.tensors(), select.parse(), done -> {});
            MaskFile.write(
                    expected,
                    alone.masks(),
                    MaskRecord.of(
                            select.parse(), selected, baseline, String.valueOf(file.getFileName()), ToolVersion.name()),
                    Optional.of(PlanJson.write(baseline.planForFile(plan))));
        }
        Path out = out();
        JobRun.mask(args(file, out, "--sparsity", "0.5").toArray()).json();
        assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out.resolve(Samples.shard(2))));
        try (Stream<Path> files = Files.list(out)) {
            assertEquals(
                    List.of(Samples.shard(2)),
                    files.map(one -> String.valueOf(one.getFileName()))
                            .filter(name -> !name.endsWith(".crc"))
                            .toList());
        }
    }

    /** Matrices that lie inputs first, with many ties: the file of the command, byte for byte. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--sparsity 0.5 --criterion magnitude",
                "--sparsity 0.3 --scope layer --criterion magnitude_same_sign",
                "--sparsity 0.9 --criterion random",
                "--pattern 2:4"
            })
    void matricesThatLieInputsFirst(String options) throws IOException {
        Path file = Samples.writeTurned(folder.resolve("turned.safetensors"));
        Alone alone = Alone.of(file, options.split(" "));
        assertEquals(Set.of("a.weight", "c.weight"), alone.masks().inOut());
        Path out = out();
        List<Object> args = new ArrayList<>(List.of(file, "-o", out, "--partitions", 3));
        args.addAll(Arrays.asList(options.split(" ")));
        JobRun.mask(args.toArray()).json();
        MaskFile read = MaskFile.read(out.resolve("turned.safetensors"));
        assertEquals(alone.masks(), read.stored());
        assertEquals(alone.metadata(), read.metadata());
    }

    /** Masks of what PyTorch wrote are the same, in safetensors. */
    @Test
    void otherFormats() throws IOException {
        Path sharded = TorchSamples.sharded(Files.createDirectory(folder.resolve("bin")));
        Path distributed = TorchSamples.distributed(folder.resolve("dcp"));
        for (Path file : List.of(sharded, distributed)) {
            Alone alone = Alone.of(file, "--sparsity", "0.6");
            Path out = out();
            List<Object> args = args(file, out, "--sparsity", "0.6", "--partitions", "7");
            JobRun.mask(args.toArray()).json();
            String name = file.equals(sharded) ? "pytorch_model.safetensors.index.json" : "dcp.safetensors";
            MaskFile read = MaskFile.read(out.resolve(name));
            assertEquals(alone.masks(), read.stored());
            assertEquals(alone.metadata().get(MaskRecord.KEY), read.metadata().get(MaskRecord.KEY));
        }
    }

    /** Initial weights in a file, also of matrices that lie inputs first. */
    @Test
    void anInitialFile() throws IOException {
        Path model = Files.createDirectories(folder.resolve("trained")).resolve("turned.safetensors");
        Samples.writeTurned(model);
        Path start = folder.resolve("start.safetensors");
        try (Checkpoint checkpoint = Samples.open(model)) {
            Plan plan = Samples.plan(checkpoint);
            Untrained.write(checkpoint, plan, start, Map.of());
        }
        Path byPlan = out();
        Path byFile = out();
        JobRun.mask(model, "-o", byPlan, "--sparsity", 0.4, "--scope", "layer").json();
        JobRun.mask(model, "-o", byFile, "--sparsity", 0.4, "--scope", "layer", "--init-file", start)
                .json();
        MaskFile expected = MaskFile.read(byPlan.resolve("turned.safetensors"));
        MaskFile found = MaskFile.read(byFile.resolve("turned.safetensors"));
        assertEquals(
                expected.stored().logical().keySet(), found.stored().logical().keySet());
        assertFalse(found.metadata().containsKey(Checkpoint.PLAN_KEY));
        Path pruned = out();
        JobRun.prune(model, "-o", pruned, "--sparsity", 1, "--fill", "init", "--init-file", start)
                .json();
        try (Checkpoint back = Samples.open(pruned.resolve("turned.safetensors"));
                Checkpoint first = Samples.open(start)) {
            for (TensorView tensor : first.tensors()) {
                TensorView twin = back.find(tensor.info().name()).orElseThrow();
                int bytes = (int) tensor.info().bytes();
                assertEquals(
                        tensor.view(0, bytes),
                        twin.view(0, bytes),
                        tensor.info().name());
            }
        }
    }

    /** No seed is needed where w0 is not looked at. */
    @Test
    void withoutInitialWeights() throws IOException {
        JsonNode json = new ObjectMapper()
                .readTree(JobRun.mask(index, "-o", out(), "--criterion", "magnitude", "--sparsity", 0.25)
                        .json());
        long elements = json.path("elements").asLong();
        assertEquals(elements - Math.round(0.25 * elements), json.path("kept").asLong());
        assertEquals(2, JobRun.mask(index, "-o", out(), "--sparsity", 0.25).code());
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path out = out();
        Alone alone = Alone.of(index, "--threshold", "1e-4");
        Path dead = Files.createFile(folder.resolve(Samples.shard(2) + ".dead"));
        List<Object> args = args(index, out, "--threshold", "1e-4");
        args.set(0, "faulty:" + index);
        JobRun run = JobRun.mask(args.toArray());
        assertEquals(4, run.code());
        assertTrue(run.error().endsWith(Samples.shard(2) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve(Samples.INDEX)), "no index before all shards are there");
        Path first = out.resolve(Samples.shard(0));
        FileTime written = Files.getLastModifiedTime(first);
        args.set(6, "2e-4");
        JobRun other = JobRun.mask(args.toArray());
        assertEquals(2, other.code());
        assertTrue(other.error().startsWith("MaskJob: " + out + ": is not empty, and no unfinished run"), other.err());
        args.set(6, "1e-4");
        Files.delete(dead);
        Path half =
                Files.writeString(out.resolve(".detinit-output/" + Samples.shard(2) + ".of-a-killed-writer"), "half");
        Path once = Files.createFile(folder.resolve(Samples.shard(2) + ".fail"));
        ObjectNode json =
                new ObjectMapper().readTree(JobRun.mask(args.toArray()).json()).deepCopy();
        assertTrue(Files.deleteIfExists(folder.resolve(Samples.shard(2) + ".failed")), "a task failed");
        Files.delete(once);
        assertTrue(json.path("shards").path("found").asInt() >= 1);
        assertEquals(written, Files.getLastModifiedTime(first), "not written again");
        json.put("input", index.toString());
        same(alone, out, json);
        assertFalse(Files.exists(half), "what a killed writer left is gone");
        assertFalse(Files.exists(out.resolve(OutputSet.RECORD)));
        JobRun again = JobRun.mask(args(index, out, "--sparsity", "0.5").toArray());
        assertEquals(2, again.code());
        List<Object> forced = args(index, out, "--threshold", "1e-4", "--force");
        same(
                alone,
                out,
                new ObjectMapper().readTree(JobRun.mask(forced.toArray()).json()));
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        Path broken = Files.createDirectory(folder.resolve("broken"));
        Path copy = Samples.write(broken);
        Path shard = broken.resolve(Samples.shard(1));
        try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 100);
        }
        JobRun run = JobRun.mask(args(copy, out(), "--sparsity", "0.5").toArray());
        assertTrue(run.error().startsWith("MaskJob: " + shard + ": end of the data: found "), run.err());
        assertEquals(3, run.code());
        assertEquals(2, JobRun.mask(args(index, out()).toArray()).code());
        assertEquals(
                2, JobRun.mask(args(index, out(), "--sparsity", "69").toArray()).code());
        JobRun here = JobRun.mask(args(index, folder, "--sparsity", "0.5").toArray());
        assertEquals("MaskJob: " + folder + " is the folder of the model; name another one", here.error());
        JobRun none = JobRun.mask(
                args(index, out(), "--sparsity", "0.5", "--include", "nothing").toArray());
        assertEquals(2, none.code());
        assertTrue(none.error().contains("fits no tensor"), none.err());
    }
}
