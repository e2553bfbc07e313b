package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.cli.option.ToolVersion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pruned models of the engine against those of one machine, bit for bit. */
class SparkPruneTest {

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

    private static List<Object> args(Object file, Path out, String fill, String... options) {
        List<Object> args = new ArrayList<>(List.of(file, "-o", out, "--seed", 42, "--fill", fill));
        args.addAll(Arrays.asList(options));
        return args;
    }

    private static JsonNode json(JobRun run) throws IOException {
        return new ObjectMapper().readTree(run.json());
    }

    private static final Map<List<String>, Path> KNOWN = new HashMap<>();

    /** What {@code detinit prune} writes for the same. */
    private static Path alone(Path file, String fill, String... options) throws IOException {
        List<String> key = new ArrayList<>(List.of(options));
        key.addAll(List.of(fill, file.toString()));
        Path known = KNOWN.get(key);
        if (known == null) {
            known = write(file, fill, options);
            KNOWN.put(key, known);
        }
        return known;
    }

    private static Path write(Path file, String fill, String... options) throws IOException {
        Path folder = Files.createDirectory(out());
        Path target = folder.resolve(String.valueOf(file.getFileName()));
        Alone.prune(file, target, fill, options);
        return target;
    }

    private static void same(Path expected, Path found) throws IOException {
        try (Checkpoint one = Samples.open(expected);
                Checkpoint other = Samples.open(found)) {
            assertEquals(one.metadata(), other.metadata());
        }
        sameTensors(expected, found);
    }

    private static void sameTensors(Path expected, Path found) throws IOException {
        try (Checkpoint one = Samples.open(expected);
                Checkpoint other = Samples.open(found)) {
            assertEquals(List.of(), other.warnings());
            assertEquals(
                    one.tensors().stream().map(TensorView::info).toList(),
                    other.tensors().stream().map(TensorView::info).toList());
            for (TensorView tensor : one.tensors()) {
                TensorView twin = other.find(tensor.info().name()).orElseThrow();
                assertArrayEquals(bytes(tensor), bytes(twin), tensor.info().name());
            }
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.info().bytes());
        tensor.readBytes(0, bytes);
        return bytes.array();
    }

    private static void check(int partitions, String fill, String... options) throws IOException {
        Path out = out();
        List<Object> args = args(index, out, fill, options);
        args.addAll(List.of("--partitions", partitions));
        JsonNode json = json(JobRun.prune(args.toArray()));
        same(alone(index, fill, options), out.resolve(Samples.INDEX));
        Alone alone = Alone.once(index, options);
        assertEquals(alone.json().path("sparsity"), json.path("sparsity"));
        assertEquals(alone.masks().masks().size(), json.path("tensors").size());
        for (JsonNode tensor : json.path("tensors")) {
            Mask mask = alone.masks().masks().get(tensor.path("name").asText());
            assertEquals(mask.kept(), tensor.path("kept").asLong(), tensor.toString());
            assertEquals(mask.size(), tensor.path("elements").asLong(), tensor.toString());
        }
        assertEquals(fill, json.path("fill").asText());
        assertEquals(3, json.path("shards").path("written").asInt());
        assertTrue(json.path("accuracy").path("before").isNull());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void theModelIsThatOfOneMachine(int partitions) throws IOException {
        check(partitions, "init", "--sparsity", "0.43");
        if (partitions == 7) {
            check(7, "init_or_zero", "--sparsity", "0.7", "--scope", "layer", "--criterion", "movement_same_sign");
        }
    }

    @Test
    void otherSelections() throws IOException {
        check(2, "zero", "--threshold", "1e-4");
        check(2, "zero", "--pattern", "1:4", "--criterion", "magnitude");
        check(2, "init", "--sparsity", "0.3", "--criterion", "random", "--prune-vectors");
    }

    /** All shards have the bytes that the command gives them, and a single file too. */
    @Test
    void theFilesAreThoseOfTheCommand() throws IOException {
        Path out = out();
        JobRun.prune(args(index, out, "init", "--sparsity", "0.5").toArray()).json();
        Path alone = alone(index, "init", "--sparsity", "0.5");
        for (int k = 0; k < 3; k++) {
            assertArrayEquals(
                    Files.readAllBytes(alone.resolveSibling(Samples.shard(k))),
                    Files.readAllBytes(out.resolve(Samples.shard(k))));
        }
        Path single = folder.resolve(Samples.shard(2));
        Path one = out();
        JobRun.prune(args(single, one, "zero", "--sparsity", "0.5").toArray()).json();
        assertArrayEquals(
                Files.readAllBytes(alone(single, "zero", "--sparsity", "0.5")),
                Files.readAllBytes(one.resolve(Samples.shard(2))));
    }

    @Test
    void aSecondRunCompletesWhatIsMissing() throws IOException {
        Path out = out();
        Path dead = Files.createFile(folder.resolve(Samples.shard(0) + ".dead"));
        List<Object> args = args("faulty:" + index, out, "init", "--threshold", "1e-4");
        JobRun run = JobRun.prune(args.toArray());
        assertEquals(4, run.code());
        assertTrue(run.error().endsWith(Samples.shard(0) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve(Samples.INDEX)), "no index before all shards are there");
        Files.delete(dead);
        JsonNode json = json(JobRun.prune(args.toArray()));
        same(alone(index, "init", "--threshold", "1e-4"), out.resolve(Samples.INDEX));
        Path fresh = out();
        JsonNode whole = json(JobRun.prune(
                args("faulty:" + index, fresh, "init", "--threshold", "1e-4").toArray()));
        assertEquals(whole.path("tensors"), json.path("tensors"), "what was found is counted, too");
        List<Object> again = args(index, out, "init", "--threshold", "1e-4");
        JobRun refused = JobRun.prune(again.toArray());
        assertEquals(2, refused.code());
        assertTrue(
                refused.error().startsWith("PruneJob: " + out + ": is not empty, and no unfinished run"),
                refused.err());
    }

    @Test
    void matricesThatLieInputsFirst() throws IOException {
        Path file = Samples.writeTurned(folder.resolve("turned.safetensors"));
        for (String fill : List.of("zero", "init", "init_or_zero")) {
            Path out = out();
            JobRun.prune(file, "-o", out, "--sparsity", 0.5, "--criterion", "magnitude", "--fill", fill)
                    .json();
            assertArrayEquals(
                    Files.readAllBytes(alone(file, fill, "--sparsity", "0.5", "--criterion", "magnitude")),
                    Files.readAllBytes(out.resolve("turned.safetensors")));
        }
    }

    /** Masks that a job wrote, and those that the command wrote into one file. */
    @Test
    void masksThatAreGiven() throws IOException {
        Path masks = out();
        JobRun.mask(index, "-o", masks, "--seed", 42, "--threshold", "1e-4").json();
        Path single = folder.resolve("single-masks.safetensors");
        MaskFile.write(
                single,
                Alone.once(index, "--threshold", "1e-4").masks(),
                MaskRecord.of("test", List.of(), ToolVersion.name()),
                Optional.empty());
        for (Path given : List.of(masks, single)) {
            Path zero = out();
            JsonNode json = json(JobRun.prune(index, "-o", zero, "--masks", given, "--fill", "zero"));
            sameTensors(alone(index, "zero", "--threshold", "1e-4"), zero.resolve(Samples.INDEX));
            assertEquals(given.toString(), json.path("masks").asText());
            assertTrue(json.path("criterion").isNull());
            try (Checkpoint pruned = Samples.open(zero.resolve(Samples.INDEX))) {
                assertEquals(
                        "{\"masks\":\"" + given.getFileName() + "\",\"fill\":\"zero\",\"tool\":\"" + ToolVersion.name()
                                + "\"}",
                        pruned.metadata().get("detinit.prune"));
            }
        }
        Path init = out();
        JsonNode json = json(JobRun.prune(
                args(index, init, "init", "--masks", masks.toString()).toArray()));
        sameTensors(alone(index, "init", "--threshold", "1e-4"), init.resolve(Samples.INDEX));
        assertEquals(Alone.once(index, "--threshold", "1e-4").json().path("sparsity"), json.path("sparsity"));
        JobRun both = JobRun.prune(args(index, out(), "init", "--masks", masks.toString(), "--sparsity", "0.5")
                .toArray());
        assertEquals(2, both.code());
        JobRun other = JobRun.prune(folder.resolve(Samples.shard(2)), "-o", out(), "--masks", masks, "--fill", "zero");
        assertEquals(3, other.code());
        assertTrue(other.error().contains("embed.weight_mask"), other.err());
        JobRun model = JobRun.prune(index, "-o", out(), "--masks", index, "--fill", "zero");
        assertEquals(3, model.code());
        assertTrue(model.error().contains("<parameter>_mask"), model.err());
    }

    /** Inputs first in the masks, outputs first in the model, and the other way round. */
    @Test
    void masksThatLieTheOtherWayRound() throws IOException {
        Path turned = Samples.writeTurned(folder.resolve("turned.safetensors"));
        Path masks = out();
        JobRun.mask(turned, "-o", masks, "--sparsity", 0.5, "--criterion", "magnitude")
                .json();
        Path upright = folder.resolve("upright.safetensors");
        try (Checkpoint checkpoint = Samples.open(turned)) {
            List<TensorView> tensors = new ArrayList<>();
            for (TensorView tensor : checkpoint.tensors()) {
                tensors.add(tensor.info().name().equals("b.weight") ? tensor : TransposedTensor.of(tensor));
            }
            SafetensorsWriter.write(upright, tensors, Map.of());
        }
        Path out = out();
        JobRun.prune(upright, "-o", out, "--masks", masks.resolve("turned.safetensors"), "--fill", "zero")
                .json();
        Path expected = alone(turned, "zero", "--sparsity", "0.5", "--criterion", "magnitude");
        Path own = out(); // the plan that the model carries says how it lies
        JobRun.prune(turned, "-o", own, "--masks", masks.resolve("turned.safetensors"), "--fill", "zero")
                .json();
        sameTensors(expected, own.resolve("turned.safetensors"));
        try (Checkpoint one = Samples.open(expected);
                Checkpoint other = Samples.open(out.resolve("upright.safetensors"))) {
            assertArrayEquals(
                    bytes(TransposedTensor.of(one.find("a.weight").orElseThrow())),
                    bytes(other.find("a.weight").orElseThrow()));
            assertArrayEquals(
                    bytes(one.find("b.weight").orElseThrow()),
                    bytes(other.find("b.weight").orElseThrow()));
        }
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        Path copy = Samples.write(Files.createDirectory(folder.resolve("broken")));
        Path shard = copy.resolveSibling(Samples.shard(1));
        try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 100);
        }
        JobRun run = JobRun.prune(args(copy, out(), "zero", "--sparsity", "0.5").toArray());
        assertTrue(run.error().startsWith("PruneJob: " + shard + ": end of the data: found "), run.err());
        assertEquals(3, run.code());
        JobRun fill =
                JobRun.prune(args(index, out(), "one", "--sparsity", "0.5").toArray());
        assertEquals(2, fill.code());
        assertTrue(fill.error().contains("unknown fill 'one'"), fill.err());
        JobRun here =
                JobRun.prune(args(index, folder, "zero", "--sparsity", "0.5").toArray());
        assertEquals("PruneJob: " + folder + " is the folder of the model; name another one", here.error());
    }
}
