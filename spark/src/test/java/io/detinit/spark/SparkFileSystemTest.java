package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every job on a store that is not this machine's disk: the same JSON and the same files. */
class SparkFileSystemTest {

    private static final String STORE = MemoryFileSystem.ROOT + "/m";

    @TempDir
    static Path folder;

    private static Path index;
    private static Path bin;
    private static Path views;
    private static Path distributed;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(Files.createDirectory(folder.resolve("set")));
        bin = TorchSamples.sharded(Files.createDirectory(folder.resolve("bin")));
        views = TorchSamples.views(folder.resolve("views.pt"));
        distributed = TorchSamples.distributed(folder.resolve("dcp"));
        try (Checkpoint checkpoint = Samples.open(index)) {
            Files.writeString(folder.resolve("plan.json"), PlanJson.write(Samples.plan(checkpoint)));
        }
        MemoryFileSystem.clear();
        MemoryFileSystem.copy(folder, STORE);
    }

    @AfterAll
    static void clear() {
        MemoryFileSystem.clear();
    }

    private interface Job {
        JobRun run(Object... args);
    }

    /** Runs a job here and there; the JSON must be the same but for the names of places. */
    private static String both(Job job, Object... args) {
        String here = job.run(args).json();
        Object[] there = Arrays.stream(args)
                .map(arg -> arg instanceof Path path ? store(path) : arg)
                .toArray();
        assertEquals(here, job.run(there).json().replace(STORE, folder.toString()));
        return here;
    }

    private static String store(Path path) {
        return path.equals(folder) ? STORE : STORE + "/" + folder.relativize(path);
    }

    /** The files of an output are the same, and nothing else is there. */
    private static void sameFiles(Path output) throws IOException {
        Map<String, byte[]> here = new TreeMap<>();
        try (Stream<Path> all = Files.walk(output)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = output.relativize(file).toString();
                if (!name.endsWith(".crc")) {
                    here.put(name, Files.readAllBytes(file));
                }
            }
        }
        Map<String, byte[]> there = MemoryFileSystem.files(store(output));
        assertFalse(here.isEmpty());
        assertEquals(here.keySet(), there.keySet());
        here.forEach((name, bytes) -> assertArrayEquals(bytes, there.get(name), name));
    }

    private static String text(Path file) {
        String name = file.getFileName().toString();
        byte[] bytes = MemoryFileSystem.files(store(folder)).get(name);
        return new String(bytes == null ? new byte[0] : bytes, StandardCharsets.UTF_8);
    }

    @Test
    void audits() {
        for (Path file : List.of(index, bin.getParent(), views, distributed)) {
            both(JobRun::audit, file, "--seed", 42, "--partitions", 3);
        }
        both(JobRun::audit, index, "--init-file", distributed, "--partitions", 3);
        both(JobRun::audit, index, "--plan", folder.resolve("plan.json"), "--partitions", 3);
    }

    @Test
    void reportsAndTables() throws IOException {
        Path html = folder.resolve("audit.html");
        Path csv = folder.resolve("audit.csv");
        Path table = folder.resolve("table");
        both(JobRun::audit, index, "--seed", 42, "--report", html, "--report", csv, "--table", table, "--rows");
        assertEquals(Files.readString(html), text(html).replace(STORE, folder.toString()));
        assertEquals(Files.readString(csv), text(csv));
        List<String> here = rows(table.toString());
        assertTrue(here.size() > 1000);
        assertEquals(here, rows(store(table)));
        JobRun again = JobRun.audit(store(index), "--seed", 42, "--report", store(csv));
        assertEquals("AuditJob: " + store(csv) + ": exists; --force replaces it", again.error());
        both(JobRun::audit, index, "--seed", 42, "--report", csv, "--force");
        assertEquals(Files.readString(csv), text(csv));
    }

    private static List<String> rows(String table) {
        return JobRun.session().read().parquet(table).collectAsList().stream()
                .map(Row::toString)
                .sorted()
                .toList();
    }

    @Test
    void initialWeights() throws IOException {
        for (Path template : List.of(index, bin)) {
            Path out = folder.resolve("w0-" + template.getParent().getFileName());
            both(JobRun::init, template, "-o", out, "--seed", 42);
            sameFiles(out);
        }
        Path out = folder.resolve("w0-dcp");
        both(JobRun::init, distributed, "-o", out, "--seed", 42);
        sameFiles(out);
        Path plan = folder.resolve("w0-dcp.plan.json");
        assertEquals(Files.readString(plan), text(plan));
    }

    @Test
    void prunedFilesOfPyTorch() throws IOException {
        for (Path file : List.of(bin, views, distributed)) {
            Path out = folder.resolve("pruned-" + file.getFileName());
            both(JobRun::prune, file, "-o", out, "--seed", 42, "--threshold", 1e-4, "--fill", "init");
            sameFiles(out);
        }
    }

    @Test
    void masksAndPrunedModels() throws IOException {
        for (Path file : List.of(index, distributed)) {
            Path out = folder.resolve("masks-" + file.getParent().getFileName());
            both(JobRun::mask, file, "-o", out, "--seed", 42, "--sparsity", 0.6, "--bitmap", "--partitions", 3);
            sameFiles(out);
        }
        Path masks = folder.resolve("masks-set");
        Path selected = folder.resolve("pruned");
        both(JobRun::prune, index, "-o", selected, "--init-file", bin, "--sparsity", 0.6, "--fill", "init");
        sameFiles(selected);
        Path given = folder.resolve("pruned-by-masks");
        both(JobRun::prune, index, "-o", given, "--masks", masks, "--fill", "init", "--seed", 42);
        sameFiles(given);
        Path shard = index.resolveSibling(Samples.shard(1));
        Path packed = masks.resolve(Samples.shard(1) + ".roaring");
        Path small = folder.resolve("pruned-by-bitmaps");
        both(JobRun::prune, shard, "-o", small, "--masks", packed, "--fill", "zero");
        sameFiles(small);
    }

    @Test
    void deltas() throws IOException {
        Path packed = folder.resolve("deltas");
        both(JobRun::delta, "pack", index, "-o", packed, "--seed", 42);
        sameFiles(packed);
        Path again = folder.resolve("again");
        both(JobRun::delta, "unpack", packed, "-o", again);
        sameFiles(again);
        Path pieces = folder.resolve("deltas-dcp");
        both(JobRun::delta, "pack", distributed, "-o", pieces, "--seed", 42);
        sameFiles(pieces);
        Path folderAgain = folder.resolve("again-dcp");
        both(JobRun::delta, "unpack", pieces, "-o", folderAgain, "--template", distributed);
        sameFiles(folderAgain);
    }

    @Test
    void seeds() throws IOException {
        Path plan = folder.resolve("found.json");
        both(JobRun::identify, distributed, "--seeds", "0..1000", "-o", plan, "--partitions", 3);
        assertEquals(Files.readString(plan), text(plan));
    }

    /** What is there is not replaced unasked, and what is missing is one line. */
    @Test
    void outputsAreClaimed() {
        Path out = folder.resolve("claimed");
        String target = store(out);
        String shard = store(index.resolveSibling(Samples.shard(1)));
        JobRun.init(shard, "-o", target, "--seed", 42).json();
        JobRun other = JobRun.init(shard, "-o", target, "--seed", 43);
        assertEquals(2, other.code());
        assertTrue(other.error().startsWith("InitJob: " + target + ": is not empty"), other.err());
        JobRun.init(shard, "-o", target, "--seed", 42, "--force").json();
        JobRun gone = JobRun.audit(STORE + "/nothing.safetensors", "--seed", 42);
        assertEquals("AuditJob: " + STORE + "/nothing.safetensors: no such file or folder", gone.error());
        assertEquals(4, gone.code());
    }
}
