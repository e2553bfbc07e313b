package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.FileErrors;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong on many machines. */
class SparkFaultTest {

    @TempDir
    Path folder;

    private Path index;

    @BeforeEach
    void write() throws IOException {
        index = Samples.write(folder);
    }

    @Test
    void aMissingShard() throws IOException {
        Path shard = folder.resolve(Samples.shard(2));
        Files.delete(shard);
        JobRun run = JobRun.audit(index, "--seed", 42);
        assertEquals("AuditJob: " + shard + ": a shard that " + Samples.INDEX + " names", run.error());
        assertEquals(4, run.code());
    }

    @Test
    void aTruncatedShard() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 100);
        }
        JobRun run = JobRun.audit(index, "--seed", 42);
        assertTrue(run.error().startsWith("AuditJob: " + shard + ": end of the data: found "), run.err());
        assertTrue(run.error().endsWith("; the file is truncated"), run.err());
        assertEquals(3, run.code());
    }

    @Test
    void aFailedTaskIsTriedAgainAndChangesNothing() throws IOException {
        String alone = Samples.alone(index, "faulty:" + index, AuditOptions.of(Threshold.DEFAULT));
        Path shard = folder.resolve(Samples.shard(0));
        Files.createFile(Path.of(shard + ".fail"));
        JobRun run = JobRun.audit("faulty:" + index, "--seed", 42, "--partitions", 7);
        assertEquals(alone, run.json());
        assertTrue(Files.exists(Path.of(shard + ".failed")), "a task failed");
    }

    /** All attempts fail: the line is that of the task. */
    @Test
    void aShardThatVanishesMeanwhile() throws IOException {
        JobRun.session();
        try (var checkpoint = RemoteCheckpoints.open(
                new org.apache.hadoop.fs.Path(index.toUri()), new org.apache.hadoop.conf.Configuration())) {
            var plan = new io.detinit.interop.plan.Plan.Addressed(
                    io.detinit.interop.parameter.DefaultPlan.of(checkpoint, 42, io.detinit.generator.InitRules.he()));
            SparkAudit audit = new SparkAudit(
                    JobRun.session(),
                    checkpoint,
                    io.detinit.interop.audit.Baseline.of(plan, checkpoint),
                    java.util.Optional.of(plan),
                    AuditOptions.of(Threshold.DEFAULT),
                    3);
            Path shard = folder.resolve(Samples.shard(1));
            Files.delete(shard);
            IOException e = assertThrows(IOException.class, audit::report);
            assertEquals(shard + ": no such file or folder", FileErrors.describe(e));
        }
    }

    private static JobRun prune(Object file, Path out) {
        return JobRun.prune(file, "-o", out, "--seed", 42, "--threshold", 1e-4, "--fill", "init");
    }

    private static JobRun pack(Object file, Path out) {
        return JobRun.delta("pack", file, "-o", out, "--seed", 42);
    }

    /** A cluster in processes of their own; one of them ends in a task that audits, others in tasks that write a shard and a delta. */
    @Test
    void aLostExecutorChangesNothing() throws IOException {
        String alone = Samples.alone(index, "faulty:" + index, AuditOptions.of(Threshold.DEFAULT));
        Path expected = folder.resolve("expected");
        prune(index, expected).json();
        Path torch = TorchSamples.sharded(folder);
        Path deltas = folder.resolve("deltas");
        pack(torch, deltas).json();
        Path shard = folder.resolve(Samples.shard(0));
        Files.createFile(Path.of(shard + ".kill"));
        JobRun.session().stop();
        try {
            SparkSession cluster = JobRun.session("local-cluster[2,1,1024]");
            List<String> lost = new CopyOnWriteArrayList<>();
            cluster.sparkContext().addSparkListener(new SparkListener() {
                @Override
                public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
                    lost.add(removed.reason());
                }
            });
            JobRun run = JobRun.audit("faulty:" + index, "--seed", 42, "--partitions", 7);
            assertEquals(alone, run.json());
            assertTrue(Files.exists(Path.of(shard + ".failed")), "an executor ended");
            assertEquals(1, lost.size(), lost.toString());

            Path written = folder.resolve("written");
            Files.createFile(Path.of(folder.resolve(Samples.shard(2)) + ".kill"));
            prune("faulty:" + index, written).json();
            assertTrue(Files.exists(Path.of(folder.resolve(Samples.shard(2)) + ".failed")), "an executor ended");
            assertEquals(2, lost.size(), lost.toString());
            for (String name : List.of(Samples.shard(0), Samples.shard(1), Samples.shard(2), Samples.INDEX)) {
                assertArrayEquals(
                        Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(written.resolve(name)), name);
            }

            Path packed = folder.resolve("packed");
            Files.createFile(Path.of(folder.resolve(TorchSamples.shard(1)) + ".kill"));
            pack("faulty:" + torch, packed).json();
            assertTrue(Files.exists(Path.of(folder.resolve(TorchSamples.shard(1)) + ".failed")), "an executor ended");
            assertEquals(3, lost.size(), lost.toString());
            for (int k = 0; k < 3; k++) {
                String name = TorchSamples.shard(k).replace(".bin", ".delta");
                assertArrayEquals(
                        Files.readAllBytes(deltas.resolve(name)), Files.readAllBytes(packed.resolve(name)), name);
            }
        } finally {
            JobRun.session().stop();
        }
    }
}
