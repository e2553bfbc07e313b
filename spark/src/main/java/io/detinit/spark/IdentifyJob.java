package io.detinit.spark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.detinit.cli.option.IdentifyOptions;
import io.detinit.generator.InitPlan;
import io.detinit.interop.identify.IdentifiedSeed;
import io.detinit.interop.identify.IdentifyJson;
import io.detinit.interop.identify.IdentifyOutcome;
import io.detinit.interop.identify.IdentifySearch;
import io.detinit.interop.identify.SeedIdentify;
import io.detinit.interop.identify.SeedProgress;
import io.detinit.interop.identify.TorchIdentify;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Which seed made a checkpoint, searched for by many machines: {@code detinit identify --json} for files on any Hadoop file system. The
 * outcome is the same bits for any number of tasks and machines.
 */
@Command(
        name = "IdentifyJob",
        mixinStandardHelpOptions = true,
        description = "Which seed made a trained model: the search of 'detinit identify --json', on Apache Spark.",
        footer = {
            "",
            "Without --seeds and --torch-seeds both kinds are searched: 0..9999, of",
            "PyTorch's also the seeds that people use.",
            "Exit codes: 0 done, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.IdentifyJob detinit-spark.jar hdfs:///models/m --seeds 0..0xffffffff"
        })
public final class IdentifyJob implements Callable<Integer> {

    private static final String NAME = "IdentifyJob";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli fills it
    CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "What AuditJob takes.")
    String path = "";

    @Mixin
    IdentifyOptions options = new IdentifyOptions();

    @Option(names = "-o", paramLabel = "PLAN", description = "Write the plan of the seed that is found.")
    @Nullable
    String output;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Mixin
    EngineOptions engine = new EngineOptions();

    IdentifyJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Jobs.main(IdentifyJob::run, args);
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
        return Jobs.execute(new IdentifyJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        IdentifyOptions.Wanted wanted = options.parse();
        engine.check();
        return Jobs.withSession(NAME, engine.master, session -> {
            identify(session, wanted);
            return 0;
        });
    }

    private void identify(SparkSession session, IdentifyOptions.Wanted wanted) throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        if (output != null) {
            RemoteFile.checkNew(new Path(output), conf, force);
        }
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
            Optional<Plan> given = options.plan == null
                    ? RemoteCheckpoints.plan(checkpoint, file, conf)
                    : Optional.of(RemoteCheckpoints.readPlan(new Path(options.plan), conf));
            IdentifyOutcome outcome = search(session, checkpoint, given, wanted);
            if (output != null) {
                writePlan(new Path(output), conf, outcome.best());
            }
            spec.commandLine()
                    .getOut()
                    .println(new JsonMapper().writeValueAsString(IdentifyJson.of(path, checkpoint.format(), outcome)));
        }
    }

    private IdentifyOutcome search(
            SparkSession session, Checkpoint checkpoint, Optional<Plan> given, IdentifyOptions.Wanted wanted)
            throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        List<IdentifySearch> searches = new ArrayList<>();
        if (!wanted.seeds().isEmpty()) {
            Optional<InitPlan> addressed = options.addressed(given);
            searches.add(
                    new SeedIdentify(checkpoint, addressed, wanted.rules(), new SparkSeeds(context, engine.partitions))
                            .search(wanted.seeds(), SeedProgress.NONE));
        }
        if (wanted.torchSeeds().isPresent()) {
            searches.add(new TorchIdentify(checkpoint, new SparkTorchSeeds(context, engine.partitions))
                    .search(wanted.torchSeeds().get(), (done, of) -> {}));
        }
        return IdentifyOutcome.of(searches);
    }

    private void writePlan(Path target, Configuration conf, Optional<IdentifiedSeed> best) throws IOException {
        if (best.isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println(NAME + ": " + HadoopBytes.name(target) + " was not written: no seed was found");
            return;
        }
        byte[] text = (PlanJson.write(best.get().plan()) + "\n").getBytes(StandardCharsets.UTF_8);
        RemoteFile.write(target, conf, text);
    }
}
