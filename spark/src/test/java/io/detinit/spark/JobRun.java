package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import org.apache.spark.sql.SparkSession;

/** One call of a job inside this JVM. */
record JobRun(int code, String out, String err) {

    /** The session of the tests: two cores, four attempts at a task. */
    static SparkSession session() {
        return session("local[2,4]");
    }

    static SparkSession session(String master) {
        return SparkSession.builder()
                .appName("tests")
                .master(master)
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.warehouse.dir", "target/warehouse")
                .config("spark.hadoop.fs.faulty.impl", FaultyFileSystem.class.getName())
                .config("spark.hadoop.fs.mem.impl", MemoryFileSystem.class.getName())
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.executorEnv.SPARK_LOCAL_IP", "127.0.0.1")
                .config("spark.executor.memory", "512m")
                .config(
                        "spark.executor.extraJavaOptions",
                        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC") // they live for seconds
                .getOrCreate();
    }

    static JobRun audit(Object... args) {
        return of(AuditJob::run, args);
    }

    static JobRun init(Object... args) {
        return of(InitJob::run, args);
    }

    static JobRun identify(Object... args) {
        return of(IdentifyJob::run, args);
    }

    static JobRun mask(Object... args) {
        return of(MaskJob::run, args);
    }

    static JobRun prune(Object... args) {
        return of(PruneJob::run, args);
    }

    static JobRun delta(Object... args) {
        return of(DeltaJob::run, args);
    }

    private interface Job {
        int run(String[] args, PrintWriter out, PrintWriter err);
    }

    private static JobRun of(Job job, Object... args) {
        session();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] line = Arrays.stream(args).map(String::valueOf).toArray(String[]::new);
        int code = job.run(line, new PrintWriter(out, true), new PrintWriter(err, true));
        return new JobRun(code, out.toString(), err.toString());
    }

    /** The one line of JSON. */
    String json() {
        assertEquals("", err);
        assertEquals(0, code);
        assertEquals(1, out.lines().count(), out);
        return out.strip();
    }

    /** The one line on stderr, with nothing on stdout. */
    String error() {
        assertEquals("", out);
        assertEquals(1, err.lines().count(), err);
        return err.strip();
    }
}
