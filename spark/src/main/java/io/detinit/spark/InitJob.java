package io.detinit.spark;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SchemeOptions;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * A checkpoint of initial weights, generated where it is written: {@code detinit init} for safetensors and PyTorch files and sharded sets on any
 * Hadoop file system, the same bytes. Shards appear whole, the index last; a second run completes what is missing.
 */
@Command(
        name = "InitJob",
        mixinStandardHelpOptions = true,
        description =
                "The template with every parameter replaced by its initial value, on Apache Spark, one task a file.",
        footer = {
            "",
            "Exit codes: 0 done, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.InitJob detinit-spark.jar hdfs:///models/m -o hdfs:///models/w0 --seed 42"
        })
public final class InitJob implements Callable<Integer> {

    private static final String NAME = "InitJob";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli fills it
    CommandSpec spec;

    @Parameters(
            paramLabel = "TEMPLATE",
            description =
                    "A safetensors or PyTorch file, an index of shards, a folder with one, or one of torch.distributed.checkpoint; its weights are not looked at.")
    String template = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            required = true,
            description = "The folder to fill; files are named as in the template.")
    String output = "";

    @Mixin
    PlanOptions plans = new PlanOptions();

    @Mixin
    SchemeOptions rules = new SchemeOptions();

    @Option(names = "--force", description = "Replace the files of another run.")
    boolean force;

    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Start an engine here, such as local[*]; without it spark-submit says which.")
    @Nullable
    String master;

    @Option(names = "--json", description = "Accepted and without effect: the result is always JSON.")
    boolean json;

    InitJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Jobs.main(InitJob::run, args);
    }

    /**
     * Runs the command. A session that is active is used and left open, else one is made and stopped.
     *
     * @param args the command line
     * @param out receives one line of JSON
     * @param err receives messages
     * @return the exit code
     */
    public static int run(String[] args, PrintWriter out, PrintWriter err) {
        return Jobs.execute(new InitJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        return Jobs.withSession(NAME, master, session -> {
            init(session);
            return 0;
        });
    }

    private void init(SparkSession session) throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        Path file = RemoteCheckpoints.resolve(new Path(template), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
            Plan plan = plans.forNew(checkpoint, conf, rules);
            SparkInit job = new SparkInit(checkpoint, file, plan, new Path(output), conf);
            SparkInit.Written written = job.run(session, force);
            int replaced = plan.entries().size();
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            object.put("template", template);
            object.put("output", output);
            object.put("format", checkpoint.format());
            object.put("seed", plan.seed());
            object.put("replaced", replaced);
            object.put("kept", checkpoint.tensors().size() - replaced);
            object.putObject("shards").put("written", written.written()).put("found", written.kept());
            spec.commandLine().getOut().println(object);
        }
    }
}
