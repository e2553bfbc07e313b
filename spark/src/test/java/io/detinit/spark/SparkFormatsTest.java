package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.Threshold;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The audit of PyTorch's formats on the engine against the audit on one machine, bit for bit. */
class SparkFormatsTest {

    @TempDir
    static Path folder;

    private static Path sharded;
    private static Path views;
    private static Path distributed;

    @BeforeAll
    static void write() throws IOException {
        sharded = TorchSamples.sharded(Files.createDirectory(folder.resolve("bin")));
        views = TorchSamples.views(folder.resolve("views.pt"));
        distributed = TorchSamples.distributed(folder.resolve("dcp"));
    }

    /** What one machine says, by format; worked out once. */
    private static final Map<Path, String> ALONE = new HashMap<>();

    private static String alone(Path path) throws IOException {
        String known = ALONE.get(path);
        if (known == null) {
            known = Samples.alone(path, path.toString(), AuditOptions.of(Threshold.DEFAULT));
            ALONE.put(path, known);
        }
        return known;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void shardedBin(int partitions) throws IOException {
        assertEquals(
                alone(sharded),
                JobRun.audit(sharded, "--seed", 42, "--partitions", partitions).json());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void oneFileOfViews(int partitions) throws IOException {
        assertEquals(
                alone(views),
                JobRun.audit(views, "--seed", 42, "--partitions", partitions).json());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void distributed(int partitions) throws IOException {
        assertEquals(
                alone(distributed),
                JobRun.audit(distributed, "--seed", 42, "--partitions", partitions)
                        .json());
    }

    @Test
    void quantilesOfPieces() throws IOException {
        AuditOptions options = AuditOptions.of(new Threshold(0.5, Threshold.Kind.QUANTILE));
        JobRun run = JobRun.audit(distributed, "--seed", 42, "--threshold", "quantile:0.5", "--partitions", 7);
        assertEquals(Samples.alone(distributed, distributed.toString(), options), run.json());
    }

    /** Files that PyTorch wrote: legacy ones, zips, TorchScript. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "pt-legacy/resnet20-12fca82f.th",
                "pt-legacy/legacy_shared_storage.pt",
                "pt-zip/california_model.pt",
                "pt-zip/batch_norm2d.pt"
            })
    void realFiles(String name) throws IOException {
        Path file = Path.of("../../shared/fixtures", name);
        assumeTrue(Files.exists(file));
        String alone = Samples.alone(file, file.toString(), AuditOptions.of(Threshold.DEFAULT));
        assertEquals(alone, JobRun.audit(file, "--seed", 42, "--partitions", 5).json());
    }

    /** A folder that PyTorch wrote. */
    @Test
    void aRealFolder() throws IOException {
        Path original = Path.of("../interop/src/test/resources/io/detinit/interop/torch/torch-2.15.0-single.dcp");
        assumeTrue(Files.exists(original));
        Path copy = Files.createDirectory(folder.resolve("real-dcp"));
        Files.copy(original.resolve("metadata.pickle"), copy.resolve(".metadata"));
        Files.copy(original.resolve("__0_0.distcp"), copy.resolve("__0_0.distcp"));
        String alone = Samples.alone(copy, copy.toString(), AuditOptions.of(Threshold.DEFAULT));
        assertEquals(alone, JobRun.audit(copy, "--seed", 42, "--partitions", 3).json());
    }

    private static void truncate(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - bytes);
        }
    }

    @Test
    void damagedShardsAreOneLine() throws IOException {
        Path set = Files.createDirectory(folder.resolve("damaged"));
        Path index = TorchSamples.sharded(set);
        Path shard = set.resolve(TorchSamples.shard(1));
        truncate(shard, 100);
        JobRun cut = JobRun.audit(index, "--seed", 42);
        assertTrue(cut.error().startsWith("AuditJob: " + shard + ": zip archive, byte "), cut.err());
        assertTrue(cut.error().endsWith("the file is truncated or no zip"), cut.err());
        assertEquals(3, cut.code());
        Files.delete(shard);
        JobRun gone = JobRun.audit(set, "--seed", 42);
        assertEquals("AuditJob: " + shard + ": a shard that " + TorchSamples.INDEX + " names", gone.error());
        assertEquals(4, gone.code());
    }

    @Test
    void damagedPiecesAreOneLine() throws IOException {
        Path set = TorchSamples.distributed(folder.resolve("damaged-dcp"));
        Path file = set.resolve(TorchSamples.distcp(2));
        byte[] whole = Files.readAllBytes(file);
        truncate(file, 1);
        JobRun cut = JobRun.audit(set, "--seed", 42);
        assertTrue(cut.error().startsWith("AuditJob: " + set + ": tensor '"), cut.err());
        assertTrue(cut.error().endsWith("expected bytes inside the file of " + (whole.length - 1)), cut.err());
        assertTrue(cut.error().contains(TorchSamples.distcp(2)), cut.err());
        assertEquals(3, cut.code());
        Files.delete(file);
        JobRun gone = JobRun.audit(set, "--seed", 42);
        assertTrue(gone.error().endsWith("found no file " + TorchSamples.distcp(2) + ", expected one in the folder"));
        assertEquals(3, gone.code());
        whole[whole.length - 5] ^= 1; // the end of the last piece's archive, which executors alone read
        Files.write(file, whole);
        JobRun wrong = JobRun.audit(set, "--seed", 42);
        assertTrue(wrong.error().startsWith("AuditJob: " + file + ": "), wrong.err());
        assertEquals(3, wrong.code());
    }

    @Test
    void otherFormatsAreRefused() throws IOException {
        Path onnx = Files.write(folder.resolve("model.onnx"), new byte[] {8, 7, 18, 4, 't', 'e', 's', 't'});
        JobRun run = JobRun.audit(onnx, "--seed", 42);
        assertEquals(3, run.code());
        assertEquals(
                "AuditJob: " + onnx
                        + ": byte 0: found another format, expected safetensors, a file of torch.save or an "
                        + "index of such; the command alone reads other formats",
                run.error());
        Path zipped = folder.resolve("zipped.pt");
        try (ZipFile original = new ZipFile(views.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zipped))) {
            for (ZipEntry entry : Collections.list(original.entries())) {
                out.putNextEntry(new ZipEntry(entry.getName()));
                original.getInputStream(entry).transferTo(out);
            }
        }
        JobRun compressed = JobRun.audit(zipped, "--seed", 42);
        assertTrue(compressed.error().contains("compressed elements, of which no part can be read"), compressed.err());
        assertTrue(compressed.error().startsWith("AuditJob: " + zipped), compressed.err());
        assertEquals(3, compressed.code());
        Path gguf = Files.writeString(folder.resolve("model.gguf"), "GGUF of another kind");
        JobRun known = JobRun.audit(gguf, "--seed", 42);
        assertTrue(known.error().contains("a GGUF file"), known.err());
        assertEquals(3, known.code());
    }
}
