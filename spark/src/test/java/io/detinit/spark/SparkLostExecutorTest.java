package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster in processes of their own: in each job one of them ends in the middle of a task, and nothing changes. */
class SparkLostExecutorTest {

    @TempDir
    Path folder;

    private final List<String> lost = new CopyOnWriteArrayList<>();

    private interface Job {
        JobRun run(Object model, Path out);
    }

    private static JobRun mask(Object model, Path out) {
        return JobRun.mask(model, "-o", out, "--seed", 42, "--sparsity", 0.6, "--bitmap", "--partitions", 4);
    }

    private static JobRun init(Object model, Path out) {
        return JobRun.init(model, "-o", out, "--seed", 42);
    }

    private static JobRun identify(Object model, Path out) {
        return JobRun.identify(model, "--seeds", "0..1000", "-o", out, "--partitions", 4);
    }

    @Test
    void masksInitialWeightsAndSeeds() throws IOException {
        Path index = Samples.write(folder);
        List<Job> jobs =
                List.of(SparkLostExecutorTest::mask, SparkLostExecutorTest::init, SparkLostExecutorTest::identify);
        List<String> alone = new java.util.ArrayList<>();
        for (int k = 0; k < jobs.size(); k++) {
            alone.add(jobs.get(k).run(index, folder.resolve("alone-" + k)).json());
        }
        JobRun.session().stop();
        try {
            SparkSession cluster = JobRun.session("local-cluster[2,1,1024]");
            cluster.sparkContext().addSparkListener(new SparkListener() {
                @Override
                public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
                    lost.add(removed.reason());
                }
            });
            for (int k = 0; k < jobs.size(); k++) {
                Path shard = folder.resolve(Samples.shard(k));
                Path kill = Files.createFile(Path.of(shard + ".kill"));
                String json = jobs.get(k)
                        .run("faulty:" + index, folder.resolve("cluster-" + k))
                        .json();
                assertTrue(Files.exists(Path.of(shard + ".failed")), "an executor ended in job " + k);
                assertEquals(k + 1, lost.size(), lost.toString());
                Files.delete(kill);
                assertEquals(alone.get(k), json.replace("faulty:", "").replace("cluster-" + k, "alone-" + k));
            }
        } finally {
            JobRun.session().stop();
        }
        for (String shard : List.of(Samples.shard(0), Samples.shard(1), Samples.shard(2), Samples.INDEX)) {
            for (String file : shard.equals(Samples.INDEX) ? List.of(shard) : List.of(shard, shard + ".roaring")) {
                same("0/" + file);
            }
            same("1/" + shard);
        }
        same("2");
    }

    private void same(String file) throws IOException {
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("alone-" + file)),
                Files.readAllBytes(folder.resolve("cluster-" + file)),
                file);
    }
}
