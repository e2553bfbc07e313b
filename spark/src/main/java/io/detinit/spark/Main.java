package io.detinit.spark;

import io.detinit.cli.option.ToolVersion;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code java -jar detinit-spark.jar JOB ...}: any of the jobs in this process, with Spark's jars in {@code lib} beside the jar. On a
 * cluster {@code spark-submit --class} names the job itself.
 */
public final class Main {

    private static final int USAGE = 2;

    private static final Map<String, Jobs.Runner> JOBS = new LinkedHashMap<>();

    static {
        JOBS.put("AuditJob", AuditJob::run);
        JOBS.put("InitJob", InitJob::run);
        JOBS.put("MaskJob", MaskJob::run);
        JOBS.put("PruneJob", PruneJob::run);
        JOBS.put("DeltaJob", DeltaJob::run);
        JOBS.put("IdentifyJob", IdentifyJob::run);
    }

    private Main() {}

    /**
     * The command.
     *
     * @param args the job's name and its command line
     */
    public static void main(String[] args) {
        if (System.getProperty(Jobs.LOGGING) == null) {
            System.setProperty(Jobs.LOGGING, "classpath:io/detinit/spark/embedded-log4j2.properties");
        }
        Jobs.main(Main::run, args);
    }

    /**
     * Runs a job. Where neither its {@code --master} nor the property {@code spark.master} says otherwise, on all cores of this
     * machine.
     *
     * @param args the job's name and its command line
     * @param out receives one line of JSON
     * @param err receives messages
     * @return the exit code
     */
    public static int run(String[] args, PrintWriter out, PrintWriter err) {
        if (args.length > 0 && (args[0].equals("--version") || args[0].equals("-V"))) {
            out.println(ToolVersion.name());
            return 0;
        }
        Jobs.Runner job = args.length == 0 ? null : JOBS.get(args[0]);
        if (job == null) {
            boolean help = args.length > 0 && (args[0].equals("--help") || args[0].equals("-h"));
            (help ? out : err)
                    .println((args.length == 0 || help ? "" : "'" + args[0] + "' is no job. ")
                            + "Usage: java -jar detinit-spark.jar JOB [OPTIONS]; JOB is one of "
                            + String.join(", ", JOBS.keySet()) + "; JOB --help shows its options");
            return help ? 0 : USAGE;
        }
        List<String> line = new ArrayList<>(Arrays.asList(args).subList(1, args.length));
        boolean said = line.stream().anyMatch(word -> word.equals("--master") || word.startsWith("--master="));
        if (!said && System.getProperty("spark.master") == null) {
            line.add(0, "--master=local[*]");
        }
        return job.run(line.toArray(String[]::new), out, err);
    }
}
