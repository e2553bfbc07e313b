package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pruned models in PyTorch's formats against those of one machine, byte for byte. */
class SparkTorchPruneTest {

    @TempDir
    static Path folder;

    private static Path sharded;
    private static Path views;
    private static Path distributed;
    private static int outputs;

    @BeforeAll
    static void write() throws IOException {
        sharded = TorchSamples.sharded(Files.createDirectory(folder.resolve("sharded")));
        views = TorchSamples.views(folder.resolve("views.pt"));
        distributed = TorchSamples.distributed(folder.resolve("dcp"));
        Files.writeString(distributed.resolve("notes.txt"), "kept");
        Files.writeString(Files.createDirectory(distributed.resolve("more")).resolve("config.json"), "{}");
    }

    private static Path out() {
        return folder.resolve("out-" + outputs++);
    }

    private static JsonNode prune(Object file, Path out, String fill, Object... options) throws IOException {
        List<Object> args = new ArrayList<>(List.of(file, "-o", out, "--seed", 42, "--fill", fill));
        args.addAll(Arrays.asList(options));
        return new ObjectMapper().readTree(JobRun.prune(args.toArray()).json());
    }

    /** The same files with the same bytes. */
    private static void same(Path expected, Path found) throws IOException {
        List<String> names = names(expected);
        assertEquals(names, names(found));
        for (String name : names) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(found.resolve(name)), name);
        }
    }

    private static List<String> names(Path in) throws IOException {
        try (Stream<Path> files = Files.walk(in)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> in.relativize(file).toString())
                    .filter(name -> !name.endsWith(".crc"))
                    .sorted()
                    .toList();
        }
    }

    private static final Map<List<String>, Path> KNOWN = new HashMap<>();

    /** The folder of what {@code detinit prune} writes for the same. */
    private static Path alone(Path file, String fill, String... options) throws IOException {
        List<String> key = new ArrayList<>(List.of(options));
        key.addAll(List.of(fill, file.toString()));
        Path known = KNOWN.get(key);
        if (known == null) {
            boolean isFolder = Files.isDirectory(file);
            known = isFolder ? out() : Files.createDirectory(out());
            Alone.prune(file, isFolder ? known : known.resolve(file.getFileName()), fill, options);
            KNOWN.put(key, known);
        }
        return known;
    }

    private static void check(Path file, int partitions, String fill, String... options) throws IOException {
        Path alone = alone(file, fill, options);
        Path out = out();
        List<Object> all = new ArrayList<>(Arrays.asList(options));
        all.addAll(List.of("--partitions", partitions));
        JsonNode json = prune(file, out, fill, all.toArray());
        same(alone, out);
        Alone known = Alone.once(file, options);
        assertEquals(known.json().path("sparsity"), json.path("sparsity"));
        assertEquals(known.masks().masks().size(), json.path("tensors").size());
        for (JsonNode tensor : json.path("tensors")) {
            String name = tensor.path("name").asText();
            assertEquals(
                    known.masks().masks().get(name).kept(), tensor.path("kept").asLong(), name);
        }
        long bytes = 0;
        for (String name : names(alone)) {
            bytes += Files.size(alone.resolve(name));
        }
        assertEquals(bytes, json.path("bytes").path("after").asLong());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void shardsAreThoseOfOneMachine(int partitions) throws IOException {
        check(sharded, partitions, "init", "--sparsity", "0.43");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void foldersAreThoseOfOneMachine(int partitions) throws IOException {
        check(distributed, partitions, "init", "--sparsity", "0.43");
    }

    @Test
    void otherSelections() throws IOException {
        check(sharded, 2, "zero", "--threshold", "1e-4");
        check(distributed, 2, "zero", "--threshold", "1e-4");
        check(distributed, 2, "init_or_zero", "--pattern", "1:4", "--criterion", "magnitude");
        check(sharded, 2, "init_or_zero", "--pattern", "1:4", "--criterion", "magnitude");
    }

    /** One file, with views that are turned, cut out, strided and tied. */
    @Test
    void viewsOfStorages() throws IOException {
        check(views, 7, "init", "--threshold", "1e-4");
        check(views, 7, "zero", "--sparsity", "0.5", "--criterion", "magnitude", "--scope", "layer");
    }

    @Test
    void masksThatAreGiven() throws IOException {
        for (Path file : List.of(sharded, distributed)) {
            Path masks = out();
            JobRun.mask(file, "-o", masks, "--seed", 42, "--threshold", "1e-4").json();
            Path mask = file == sharded ? masks : masks.resolve("dcp.safetensors");
            Path out = out();
            JsonNode json = new ObjectMapper()
                    .readTree(JobRun.prune(file, "-o", out, "--masks", mask, "--fill", "zero")
                            .json());
            assertEquals(Alone.once(file, "--threshold", "1e-4").json().path("sparsity"), json.path("sparsity"));
            Path chosen = out();
            prune(file, chosen, "zero", "--threshold", "1e-4");
            for (String name : names(chosen)) {
                if (!name.endsWith(".json")) { // the index says how the masks were made
                    assertArrayEquals(
                            Files.readAllBytes(chosen.resolve(name)), Files.readAllBytes(out.resolve(name)), name);
                }
            }
        }
    }

    /** The metadata comes last, and a second run writes what is missing. */
    @Test
    void aSecondRunCompletesAFolder() throws IOException {
        Path model = TorchSamples.distributed(folder.resolve("faulty"));
        Path whole = out();
        JsonNode expected = prune(model, whole, "init", "--threshold", "1e-4");
        Path out = out();
        Path dead = Files.createFile(Path.of(model + "." + TorchSamples.distcp(1) + ".dead"));
        Object[] args = {"faulty:" + model, "-o", out, "--seed", 42, "--fill", "init", "--threshold", "1e-4"};
        JobRun run = JobRun.prune(args);
        Files.delete(dead);
        assertEquals(4, run.code(), run.err());
        assertTrue(run.error().endsWith(TorchSamples.distcp(1) + ": this disk is gone for good"), run.err());
        assertFalse(Files.exists(out.resolve(".metadata")), "no metadata before all files are there");
        JsonNode json = new ObjectMapper().readTree(JobRun.prune(args).json());
        assertEquals(expected.path("tensors"), json.path("tensors"));
        same(whole, out);
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        Path copy = TorchSamples.distributed(folder.resolve("broken"));
        Path file = copy.resolve(TorchSamples.distcp(2));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 5000));
        JobRun run = JobRun.prune(copy, "-o", out(), "--seed", 42, "--fill", "zero", "--sparsity", 0.5);
        assertEquals(3, run.code());
        assertTrue(run.error().contains("bytes inside the file of 5000"), run.err());
        JobRun here = JobRun.prune(distributed, "-o", distributed, "--seed", 42, "--fill", "zero", "--sparsity", 0.5);
        assertEquals("PruneJob: " + distributed + " is the folder of the model; name another one", here.error());
        assertEquals(2, here.code());
    }
}
