package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitRules;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchModules;
import io.detinit.generator.torch.TorchReplay;
import io.detinit.interop.identify.IdentifyJson;
import io.detinit.interop.identify.IdentifyOutcome;
import io.detinit.interop.identify.SeedEngine;
import io.detinit.interop.identify.SeedIdentify;
import io.detinit.interop.identify.SeedInterval;
import io.detinit.interop.identify.SeedProgress;
import io.detinit.interop.identify.TorchEngine;
import io.detinit.interop.identify.TorchIdentify;
import io.detinit.interop.identify.TorchSeeds;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search for a seed divided into parts against that of one machine. */
class SparkIdentifyTest {

    private static final List<Integer> PARTITIONS = List.of(1, 2, 7, 64);
    private static final TorchModules NN = TorchModules.CURRENT;

    @TempDir
    static Path folder;

    private static Path index;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
    }

    /** What {@code detinit identify --json --seeds} prints. */
    private static String alone(Path file, SeedInterval... seeds) throws IOException {
        try (Checkpoint checkpoint = Samples.open(file)) {
            SeedIdentify search = new SeedIdentify(checkpoint, Optional.empty(), InitRules.he(), SeedEngine.threads(2));
            IdentifyOutcome outcome = IdentifyOutcome.of(List.of(search.search(List.of(seeds), SeedProgress.NONE)));
            return IdentifyJson.of(file.toString(), checkpoint.format(), outcome)
                    .toString();
        }
    }

    private static JsonNode tree(String json) throws IOException {
        return new ObjectMapper().readTree(json);
    }

    @Test
    void theOutcomeIsThatOfOneMachine() throws IOException {
        String expected = alone(index, new SeedInterval(-5, 75), SeedInterval.of(1L << 63));
        assertEquals(Samples.SEED, tree(expected).path("best").path("seed").longValue());
        for (int partitions : PARTITIONS) {
            JobRun run = JobRun.identify(index, "--seeds=-5..69,0x8000000000000000", "--partitions", partitions);
            assertEquals(expected, run.json(), partitions + " partitions");
        }
        assertEquals(
                expected,
                JobRun.identify(index, "--seeds=-5..69", "--seeds=0x8000000000000000")
                        .json());
    }

    @Test
    void otherFormatsAreThoseOfOneMachine() throws IOException {
        Path sharded = TorchSamples.sharded(Files.createDirectory(folder.resolve("bin")));
        Path views = TorchSamples.views(folder.resolve("views.pt"));
        Path distributed = TorchSamples.distributed(folder.resolve("dcp"));
        for (Path file : List.of(sharded, views, distributed)) {
            String expected = alone(file, new SeedInterval(40, 5));
            assertEquals(42, tree(expected).path("best").path("seed").asLong());
            JobRun run = JobRun.identify(file, "--seeds", "40..44", "--partitions", 7);
            assertEquals(expected, run.json());
        }
    }

    @Test
    void aFailedTaskChangesNothing() throws IOException {
        String expected = alone(index, SeedInterval.of(42)).replace(index.toString(), "faulty:" + index);
        Path fail = Files.createFile(folder.resolve(Samples.shard(0) + ".fail"));
        JobRun run = JobRun.identify("faulty:" + index, "--seeds", 42, "--partitions", 7);
        assertTrue(Files.deleteIfExists(folder.resolve(Samples.shard(0) + ".failed")), "a task failed");
        Files.delete(fail);
        assertEquals(expected, run.json());
    }

    @Test
    void nothingIsFoundAsByOneMachine() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        String expected = alone(shard, new SeedInterval(100, 8));
        assertTrue(tree(expected).path("best").isNull());
        for (int partitions : PARTITIONS) {
            JobRun run = JobRun.identify(shard, "--seeds", "100..107", "--partitions", partitions);
            assertEquals(expected, run.json(), partitions + " partitions");
        }
    }

    /** The layer ids are those of another order: one machine tries each tensor as the first. */
    @Test
    void idsThatWereLostAreFound() throws IOException {
        Path file = folder.resolve("turned.safetensors");
        try (Checkpoint checkpoint = Samples.open(index)) {
            List<TensorView> tensors = new ArrayList<>(checkpoint.tensors());
            Collections.reverse(tensors);
            SafetensorsWriter.write(file, tensors, Map.of());
        }
        String expected = alone(file, new SeedInterval(35, 10));
        JsonNode best = tree(expected).path("best");
        assertEquals(Samples.SEED, best.path("seed").longValue());
        assertTrue(expected.contains("not as planned"), expected);
        for (int partitions : List.of(7)) {
            assertEquals(
                    expected,
                    JobRun.identify(file, "--seeds", "35..44", "--partitions", partitions)
                            .json());
        }
    }

    /** A net as PyTorch makes it, of which every weight but each tenth has moved. */
    private static Path torch(String name, TorchModule module, long seed, long draw, double moved) throws IOException {
        TorchReplay replay =
                TorchReplay.of(module, seed, StreamPosition.at(draw), TorchDtype.FLOAT32, TorchKernels.AVX2);
        SplittableRandom random = new SplittableRandom(5);
        List<ArrayTensor> tensors = new ArrayList<>();
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            float[] values = tensor.init().floats();
            for (int k = 0; k < values.length; k++) {
                values[k] += k % 10 == 0 ? 0 : (float) (moved * random.nextGaussian());
            }
            tensors.add(ArrayTensor.of(tensor.name(), tensor.init().shape(), values));
        }
        Path file = folder.resolve(name);
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private static String torchAlone(Path file, TorchSeeds seeds) throws IOException {
        try (Checkpoint checkpoint = Samples.open(file)) {
            TorchIdentify search = new TorchIdentify(checkpoint, TorchEngine.threads(3));
            IdentifyOutcome outcome = IdentifyOutcome.of(List.of(search.search(seeds, (done, of) -> {})));
            return IdentifyJson.of(file.toString(), checkpoint.format(), outcome)
                    .toString();
        }
    }

    @Test
    void seedsOfPyTorchAreThoseOfOneMachine() throws IOException {
        TorchModule net = NN.sequential(NN.linear(40, 20, true), NN.linear(20, 10, true));
        Path usual = torch("usual.safetensors", net, 137, 0, 0.05);
        Path late = torch("late.safetensors", net, 20, 12_345, 0.05); // found in the second round
        Path few = torch("few.safetensors", NN.linear(6, 3, true), 31, 0, 0); // by its bits
        Path none = torch("none.safetensors", net, 1000, 0, 0.05);
        check(usual, 300, 137, 144, PARTITIONS);
        check(late, 40, 20, 40, PARTITIONS);
        check(few, 40, 31, 32, List.of(1, 7));
        check(none, 40, 0, 40, List.of(2, 64));
    }

    private static void check(Path file, int seeds, long found, long tried, List<Integer> partitions)
            throws IOException {
        String expected = torchAlone(file, TorchSeeds.range(0, seeds));
        JsonNode json = tree(expected);
        assertEquals(found, json.path("best").path("seed").asLong());
        assertEquals(tried, json.path("tried").asLong());
        for (int parts : partitions) {
            JobRun run = JobRun.identify(file, "--torch-seeds", "0.." + (seeds - 1), "--partitions", parts);
            assertEquals(expected, run.json(), file + ", " + parts + " partitions");
        }
    }

    @Test
    void thePlanIsWrittenAndAudits() throws IOException {
        Path plan = folder.resolve("found.plan.json");
        JobRun.identify(index, "--seeds", "40..44", "-o", plan).json();
        JsonNode audit = tree(JobRun.audit(index, "--plan", plan).json());
        assertEquals(Samples.SEED, audit.path("baseline").path("seed").longValue());
        JobRun again = JobRun.identify(index, "--seeds", "40..44", "-o", plan);
        assertEquals(2, again.code());
        assertEquals("IdentifyJob: " + plan + ": exists; --force replaces it", again.error());
        JobRun.identify(index, "--seeds", "42", "-o", plan, "--force").json();
        Path none = folder.resolve("none.plan.json");
        JobRun nothing = JobRun.identify(index, "--seeds", "7", "-o", none);
        assertEquals(0, nothing.code());
        assertEquals(
                "IdentifyJob: " + none + " was not written: no seed was found",
                nothing.err().strip());
        assertFalse(Files.exists(none));
        JobRun both = JobRun.identify(index, "--seeds", "7", "--plan", plan, "--scheme", "xavier");
        assertEquals(2, both.code());
        assertTrue(both.error().contains("--plan names every scheme"), both.err());
    }

    @Test
    void badInputIsOneLine() throws IOException {
        assertEquals(
                "IdentifyJob: --seeds 9..1: holds no seed; the lower end comes first, as 1..9",
                JobRun.identify(index, "--seeds", "9..1").error());
        JobRun missing = JobRun.identify(folder.resolve("nothing.safetensors"), "--seeds", "1");
        assertEquals(4, missing.code());
        Path copy = Files.createDirectory(folder.resolve("cut"));
        for (int k = 0; k < 3; k++) {
            Files.copy(folder.resolve(Samples.shard(k)), copy.resolve(Samples.shard(k)));
        }
        Files.copy(index, copy.resolve(Samples.INDEX));
        Path cut = copy.resolve(Samples.shard(2));
        Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(cut), 5000));
        JobRun run = JobRun.identify(copy, "--seeds", "1");
        assertEquals(3, run.code());
        assertTrue(run.error().contains(Samples.shard(2)), run.err());
    }
}
