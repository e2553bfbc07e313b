package io.detinit.benchmarks;

import io.detinit.generator.InitRules;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.spark.AuditJob;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;

/**
 * The audit of one sharded checkpoint by one process and by Spark, each with one and with two cores, in turns of one process. Sessions
 * of Spark are running when the clock starts; opening the checkpoint, choosing the plan, reading and the JSON are measured. All must
 * give the same JSON.
 *
 * <p>Arguments: an index of safetensors shards, the seed, rounds ({@code 5}). The class path is that of the jobs with this jar behind it:
 * {@code java -cp 'spark/target/detinit-spark.jar:spark/target/lib/*:benchmarks/target/benchmarks.jar'}, with the options that Spark
 * asks for.
 */
public final class ScaleSpeed {

    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private ScaleSpeed() {}

    /**
     * Measures.
     *
     * @param args as above
     * @throws IOException if the checkpoint cannot be read
     */
    public static void main(String[] args) throws IOException {
        Path index = Path.of(args[0]);
        long seed = Long.parseLong(args[1]);
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        List<String> names = List.of("one process, 1 thread", "one process, 2 threads", "local[1]", "local[2]");
        double[][] seconds = new double[names.size()][rounds];
        String expected = alone(index, seed, 2);
        for (int round = -1; round < rounds; round++) { // the first one warms up
            for (int way = 0; way < names.size(); way++) {
                int cores = 1 + way % 2;
                SparkSession session = way < 2 ? null : session(cores);
                long start = System.nanoTime();
                String json = session == null ? alone(index, seed, cores) : spark(index, seed);
                double taken = (System.nanoTime() - start) / 1e9;
                if (session != null) {
                    session.stop();
                }
                if (!json.equals(expected)) {
                    throw new IllegalStateException(names.get(way) + " says otherwise");
                }
                if (round >= 0) {
                    seconds[way][round] = taken;
                }
            }
        }
        long bytes = bytes(index);
        for (int way = 0; way < names.size(); way++) {
            Arrays.sort(seconds[way]);
            double median = seconds[way][rounds / 2];
            OUT.printf(
                    Locale.ROOT,
                    "%-22s median %.2f s [%.2f, %.2f], %.2f GB/s%n",
                    names.get(way),
                    median,
                    seconds[way][0],
                    seconds[way][rounds - 1],
                    bytes / 1e9 / median);
        }
    }

    private static Checkpoint open(Path index) throws IOException {
        return ShardedCheckpoint.open(index, SafetensorsFile::open);
    }

    private static long bytes(Path index) throws IOException {
        try (Checkpoint checkpoint = open(index)) {
            return checkpoint.tensors().stream()
                    .mapToLong(tensor -> tensor.info().bytes())
                    .sum();
        }
    }

    private static String alone(Path index, long seed, int threads) throws IOException {
        try (Checkpoint checkpoint = open(index)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, seed, InitRules.he()));
            Baseline baseline = Baseline.of(plan, checkpoint);
            AuditReport report =
                    new Auditor(AuditOptions.of(Threshold.DEFAULT), threads).audit(checkpoint, baseline, done -> {});
            return AuditJson.of(index.toString(), checkpoint.format(), baseline.kind(), baseline.seed(), report)
                    .toString();
        }
    }

    private static SparkSession session(int cores) {
        return SparkSession.builder()
                .appName("ScaleSpeed")
                .master("local[" + cores + "]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "localhost")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate();
    }

    private static String spark(Path index, long seed) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] line = {index.toString(), "--seed", Long.toString(seed)};
        int code = AuditJob.run(line, new PrintWriter(out, true), new PrintWriter(err, true));
        if (code != 0) {
            throw new IllegalStateException(err.toString());
        }
        return out.toString().strip();
    }
}
