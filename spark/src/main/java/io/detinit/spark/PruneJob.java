package io.detinit.spark;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneJson;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * A pruned model, written by many machines: {@code detinit prune} for checkpoints on any Hadoop file system. The weights are the same
 * bits for any number of tasks and machines. Shards appear whole, the index last; a second run completes what is missing.
 */
@Command(
        name = "PruneJob",
        mixinStandardHelpOptions = true,
        description = "A pruned model, as 'detinit prune' writes it, on Apache Spark, one task a shard.",
        footer = {
            "",
            "Exit codes: 0 done, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.PruneJob detinit-spark.jar hdfs:///models/m -o hdfs:///pruned/m --seed 42 --sparsity 0.69 --fill init"
        })
public final class PruneJob implements Callable<Integer> {

    private static final String NAME = "PruneJob";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli fills it
    CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "A checkpoint: a file, an index of shards, or a folder with one.")
    String path = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            required = true,
            description = "The folder to fill; files are named as those of the checkpoint.")
    String output = "";

    @Mixin
    PlanOptions plans = new PlanOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            required = true,
            description =
                    "What stands where a weight was pruned: zero, init (back to w0), or init_or_zero (w0, but zero "
                            + "where the weight was moving towards zero).")
    String fill = "";

    @Option(names = "--force", description = "Replace the files of another run.")
    boolean force;

    @Mixin
    EngineOptions engine = new EngineOptions();

    PruneJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = run(args, out, err);
        if (code != 0) {
            System.exit(code);
        }
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
        return Jobs.execute(new PruneJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        Selection selection = select.parse();
        Fill how = Fill.parse(fill);
        engine.check();
        return Jobs.withSession(NAME, engine.master, session -> {
            prune(session, selection, how);
            return 0;
        });
    }

    private void prune(SparkSession session, Selection selection, Fill how) throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
            boolean needed = how.needsInit() || selection.criterion().needsInit();
            Optional<Plan> plan = plans.choose(checkpoint, file, conf, needed);
            Baseline baseline = plan.isPresent() ? Baseline.of(plan.get(), checkpoint) : Baseline.none(checkpoint);
            Optional<String> text = plan.map(baseline::planForFile).map(PlanJson::write);
            SparkSelection work =
                    new SparkSelection(session, checkpoint, file, plan, baseline, selection, engine.partitions);
            SelectOutput target = new SelectOutput(work, checkpoint, file, new Path(output), conf, false, how);
            String source = new Path(path).getName();
            String tool = ToolVersion.name();
            MaskRecord asked = MaskRecord.of(selection, baseline, source, tool);
            target.claim(List.of(asked.fields().toString(), text.orElse(""), how.id()), force);
            DividedSelection.Outcome outcome = work.cut();
            // where a limit of sizes is the cut, the command selects while it writes and records no other
            MaskRecord record = selection.target() instanceof Selection.AtMost
                    ? asked
                    : MaskRecord.of(selection, outcome.cuts(), baseline, source, tool);
            Map<String, String> metadata = new LinkedHashMap<>();
            text.ifPresent(json -> metadata.put(Checkpoint.PLAN_KEY, json));
            metadata.put("detinit.prune", record.fields().put("fill", how.id()).toString());
            SelectOutput.Written written = target.write(session, outcome, metadata);
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            object.put("input", path);
            object.put("output", output);
            object.put("criterion", selection.criterion().id());
            object.put("fill", fill);
            object.put("storage", TensorStorage.DENSE.id());
            PruneJson.put(object, entries(work.divided().tensors(), written.kept()));
            PruneJson.putBytes(object, written.bytesBefore(), written.bytesAfter());
            PruneJson.putNoAccuracy(object);
            object.putObject("shards").put("written", written.written()).put("found", written.found());
            spec.commandLine().getOut().println(object);
        }
    }

    private static List<PruneReport.PrunedEntry> entries(List<RankedTensor> tensors, List<Long> kept) {
        List<PruneReport.PrunedEntry> entries = new ArrayList<>();
        for (int k = 0; k < tensors.size(); k++) {
            RankedTensor tensor = tensors.get(k);
            entries.add(new PruneReport.PrunedEntry(tensor.name(), tensor.elements(), kept.get(k)));
        }
        return entries;
    }
}
