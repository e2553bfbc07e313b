package io.detinit.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.delta.ValueType;
import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * Sharded checkpoints as seed, mask and moved values, and back: {@code detinit delta} for what the jobs read on any Hadoop file system, one ordinary delta file a shard.
 */
@Command(
        name = "DeltaJob",
        mixinStandardHelpOptions = true,
        description =
                "Pack a trained model as the difference from its initial weights, and unpack it, on Apache Spark: one task and one delta file a shard.",
        footer = {
            "",
            "Each delta file is one that 'detinit delta unpack' takes as well.",
            "Exit codes: 0 done, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.DeltaJob detinit-spark.jar pack hdfs:///models/m -o hdfs:///deltas/m --seed 42"
        })
public final class DeltaJob implements Callable<Integer> {

    private static final String NAME = "DeltaJob";

    /** What is done. */
    enum Action {
        PACK,
        UNPACK
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli fills it
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "ACTION", description = "pack or unpack.")
    Action action = Action.PACK;

    @Parameters(
            index = "1",
            paramLabel = "PATH",
            description =
                    "pack: a safetensors or PyTorch file, an index of shards, a folder with one, or a folder of torch.distributed.checkpoint; unpack: a folder that pack has filled.")
    String path = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            required = true,
            description = "The folder to fill.")
    String output = "";

    @Option(names = "--force", description = "Replace the files of another run.")
    boolean force;

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Option(
            names = "--values",
            paramLabel = "TYPE",
            description =
                    "pack: how wide the kept values of pruned tensors are: file (bit for bit, default), fp32, fp16 or "
                            + "bf16; never wider than in PATH.")
    @Nullable
    String values;

    @Option(
            names = "--template",
            paramLabel = "F",
            description =
                    "unpack: write a copy of this checkpoint with the tensors of the deltas: a file for a file, a set of "
                            + "shards of the same names for a set.")
    @Nullable
    String template;

    @Mixin
    EngineOptions engine = new EngineOptions();

    DeltaJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Jobs.main(DeltaJob::run, args);
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
        return Jobs.execute(new DeltaJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        engine.check();
        boolean packing = action == Action.PACK;
        if (!packing && (baseline.given() || select.given() || values != null)) {
            throw new UsageException("the deltas say what they hold: baseline, selection and --values go with pack");
        }
        if (packing && template != null) {
            throw new UsageException("--template goes with unpack");
        }
        if (baseline.initFile != null) {
            throw new UsageException(
                    "a delta holds a seed, not a file to compare with: --init-file cannot be packed; give "
                            + "--seed or --torch-seed");
        }
        Optional<Selection> selection = select.forDelta();
        ValueType type = values == null ? ValueType.FILE : ValueType.parse(values);
        return Jobs.withSession(NAME, engine.master, session -> {
            Configuration conf = session.sparkContext().hadoopConfiguration();
            ObjectNode json = packing
                    ? pack(session, new SparkDelta(session, conf, force), selection, type, conf)
                    : new SparkUnpack(session, conf, force).unpack(path, output, Optional.ofNullable(template));
            spec.commandLine().getOut().println(json);
            return 0;
        });
    }

    private ObjectNode pack(
            SparkSession session, SparkDelta work, Optional<Selection> selection, ValueType type, Configuration conf)
            throws IOException {
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
            Plan chosen = baseline.plans.choose(checkpoint, file, conf);
            Baseline initial = Baseline.of(chosen, checkpoint);
            String plan = PlanJson.write(initial.planForFile(chosen));
            DeltaLayout layout = DeltaLayout.of(checkpoint, file, plan, conf);
            SparkDelta.Packing packing = new SparkDelta.Packing(checkpoint, file, layout, path, output);
            String tool = ToolVersion.name();
            List<String> what = List.of(
                    plan, type.id(), selection.map(one -> record(one, initial)).orElse(""));
            if (selection.isEmpty()) {
                return work.pack(packing, what, Map.of(), () -> new DeltaShard.How(plan, type, tool, "", null, null));
            }
            SparkSelection selecting = SparkSelection.of(
                    session, checkpoint, Optional.of(chosen), initial, selection.get(), engine.partitions);
            return work.pack(packing, what, layout.prunable(selecting.specs()), () -> {
                DividedSelection.Outcome outcome = selecting.cut();
                return new DeltaShard.How(
                        plan,
                        type,
                        tool,
                        record(MaskRecord.of(selection.get(), outcome.cuts(), initial, "", "")),
                        selecting.tasks(),
                        new SelectedShard.Plan(outcome.rules(), List.of(), Fill.INIT, true));
            });
        }
    }

    private static String record(Selection selection, Baseline baseline) {
        return record(MaskRecord.of(selection, baseline, "", ""));
    }

    private static String record(MaskRecord record) {
        ObjectNode fields = record.fields();
        fields.remove("source");
        fields.remove("tool");
        return fields.toString();
    }
}
