package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masks as compressed bitmaps, written and read by the engine. */
class SparkBitmapTest {

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

    private static JsonNode json(JobRun run) throws IOException {
        return new ObjectMapper().readTree(run.json());
    }

    /** The bitmaps of the command, byte for byte: of matrices that lie inputs first, and of few and many kept weights. */
    @Test
    void aSingleFile() throws IOException {
        for (String sparsity : new String[] {"0.02", "0.5", "0.998", "1"}) {
            Path file = Samples.writeTurned(folder.resolve("turned.safetensors"));
            Path out = out();
            JsonNode json =
                    json(JobRun.mask(file, "-o", out, "--criterion", "magnitude", "--sparsity", sparsity, "--bitmap"));
            Path bitmaps = out.resolve("turned.safetensors.roaring");
            Path expected = out();
            Alone alone = Alone.of(file, "--criterion", "magnitude", "--sparsity", sparsity);
            alone.writeBitmaps(expected, file, "--criterion", "magnitude", "--sparsity", sparsity);
            assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(bitmaps), sparsity);
            assertEquals(Files.size(bitmaps), json.path("bitmap").path("bytes").asLong());
            assertEquals(out.toString(), json.path("bitmap").path("output").asText());
            assertEquals(
                    Files.size(out.resolve("turned.safetensors")),
                    json.path("bytes").asLong());
        }
    }

    /** One file of bitmaps beside each file of masks, each for itself a file that the command takes. */
    @Test
    void aSet() throws IOException {
        Path out = out();
        json(JobRun.mask(index, "-o", out, "--seed", 42, "--threshold", 1e-4, "--bitmap"));
        Map<String, Object> all = new LinkedHashMap<>();
        for (int k = 0; k < 3; k++) {
            MaskFile masks = MaskFile.read(out.resolve(Samples.shard(k)));
            MaskFile bitmaps = MaskFile.read(out.resolve(Samples.shard(k) + ".roaring"));
            assertEquals(masks.stored().masks(), bitmaps.stored().masks());
            assertTrue(bitmaps.stored().orderKnown());
            assertFalse(bitmaps.metadata().containsKey(Checkpoint.PLAN_KEY), "the index has it");
            all.putAll(bitmaps.stored().masks());
        }
        MaskFile whole = MaskFile.read(out.resolve(Samples.INDEX));
        assertEquals(whole.stored().masks(), all);
        assertEquals(
                whole.metadata().get(MaskRecord.KEY),
                MaskFile.read(out.resolve(Samples.shard(1) + ".roaring"))
                        .metadata()
                        .get(MaskRecord.KEY));
        assertTrue(
                Files.size(out.resolve(Samples.shard(0) + ".roaring")) < Files.size(out.resolve(Samples.shard(0))) / 7);
        Path without = out();
        assertFalse(json(JobRun.mask(index, "-o", without, "--seed", 42, "--threshold", 1e-4))
                .has("bitmap"));
        assertFalse(Files.exists(without.resolve(Samples.shard(0) + ".roaring")));
        JobRun.mask(index, "-o", out, "--seed", 42, "--threshold", 2e-4, "--force")
                .json();
        assertFalse(Files.exists(out.resolve(Samples.shard(0) + ".roaring")), "of other masks");
    }

    /** A model pruned by bitmaps is the one that is pruned by their masks, whichever way round they lie. */
    @Test
    void bitmapsThatAreGiven() throws IOException {
        Path turned = Samples.writeTurned(folder.resolve("turned.safetensors"));
        Path masks = out();
        JobRun.mask(turned, "-o", masks, "--sparsity", 0.7, "--bitmap").json();
        Path plain = Files.copy(
                masks.resolve("turned.safetensors"),
                Files.createDirectory(folder.resolve("plain")).resolve("m"));
        Path packed = Files.copy(
                masks.resolve("turned.safetensors.roaring"),
                Files.createDirectory(folder.resolve("packed")).resolve("m"));
        for (String fill : new String[] {"init", "init_or_zero"}) {
            Path expected = out();
            Path found = out();
            JsonNode one = json(JobRun.prune(turned, "-o", expected, "--masks", plain, "--fill", fill));
            JsonNode other = json(JobRun.prune(turned, "-o", found, "--masks", packed, "--fill", fill));
            assertEquals(one.path("tensors"), other.path("tensors"));
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve("turned.safetensors")),
                    Files.readAllBytes(found.resolve("turned.safetensors")));
        }
    }

    /** One file of bitmaps for a model in shards. */
    @Test
    void bitmapsOfASet() throws IOException {
        Alone alone = Alone.once(index, "--threshold", "1e-4");
        Path packed = out();
        alone.writeBitmaps(packed, index, "--threshold", "1e-4");
        Path masks = out();
        JobRun.mask(index, "-o", masks, "--seed", 42, "--threshold", "1e-4").json();
        Path expected = out();
        Path found = out();
        JobRun.prune(index, "-o", expected, "--masks", masks, "--fill", "zero").json();
        JobRun.prune(index, "-o", found, "--masks", packed, "--fill", "zero").json();
        for (int k = 0; k < 3; k++) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(Samples.shard(k))),
                    Files.readAllBytes(found.resolve(Samples.shard(k))));
        }
        Path cut =
                Files.write(out(), java.util.Arrays.copyOf(Files.readAllBytes(packed), (int) Files.size(packed) - 9));
        JobRun broken = JobRun.prune(index, "-o", out(), "--masks", cut, "--fill", "zero");
        assertTrue(broken.error().startsWith("PruneJob: " + cut + ": tensor '"), broken.err());
        assertEquals(3, broken.code());
    }
}
