package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run that was interrupted left is completed only from the files that it began with. */
class SparkClaimTest {

    @TempDir
    Path folder;

    /** Of an initial checkpoint in shards, too, though its index is the same. */
    @Test
    void aChangedShardOfTheInitialWeightsIsNoticed() throws IOException {
        Path index = Samples.write(folder);
        Path w0 = folder.resolve("w0");
        JobRun.init(index, "-o", w0, "--seed", 42).json();
        Path shard = w0.resolve(Samples.shard(1));
        FileTime before = Files.getLastModifiedTime(shard);
        for (boolean masks : new boolean[] {true, false}) {
            Path out = folder.resolve(masks ? "masks" : "pruned");
            List<Object> args =
                    new ArrayList<>(List.of("faulty:" + index, "-o", out, "--init-file", w0, "--threshold", 1e-4));
            if (!masks) {
                args.addAll(List.of("--fill", "init"));
            }
            Path dead = Files.createFile(folder.resolve(Samples.shard(2) + ".dead"));
            assertEquals(4, run(masks, args).code());
            Files.delete(dead);
            assertFalse(Files.exists(out.resolve(Samples.INDEX)));

            Files.setLastModifiedTime(shard, FileTime.fromMillis(before.toMillis() + 60_000));
            JobRun other = run(masks, args);
            assertEquals(2, other.code());
            assertTrue(other.error().contains(out + ": is not empty, and no unfinished run"), other.err());

            Files.setLastModifiedTime(shard, before);
            run(masks, args).json();
            assertTrue(Files.exists(out.resolve(Samples.INDEX)));
        }
    }

    private static JobRun run(boolean masks, List<Object> args) {
        return masks ? JobRun.mask(args.toArray()) : JobRun.prune(args.toArray());
    }
}
