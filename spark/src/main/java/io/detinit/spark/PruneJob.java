package io.detinit.spark;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.MasksInPlace;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneJson;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
 * A pruned model, written by many machines: {@code detinit prune} for checkpoints on any Hadoop file system. The weights are the same
 * bits for any number of tasks and machines. Files appear whole, the index or the metadata last; a second run completes what is missing.
 */
@Command(
        name = "PruneJob",
        mixinStandardHelpOptions = true,
        description = "A pruned model, as 'detinit prune' writes it, on Apache Spark, one task a file.",
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

    @Parameters(
            paramLabel = "PATH",
            description =
                    "A checkpoint: a file, an index of shards, a folder with one, or one of torch.distributed.checkpoint.")
    String path = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            required = true,
            description = "The folder to fill; files are named as those of the checkpoint.")
    String output = "";

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

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

    @Option(
            names = "--masks",
            paramLabel = "M",
            description = "Prune what the masks of this file or folder prune, in place of a selection; what MaskJob or "
                    + "'detinit mask' wrote, bitmaps, too. With --fill zero no baseline is needed.")
    @Nullable
    String masks;

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
        Jobs.main(PruneJob::run, args);
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
        Fill how = Fill.parse(fill);
        engine.check();
        if (masks != null && select.given()) {
            throw new UsageException("--masks says what is pruned: leave the options of a selection away");
        }
        Selection selection = masks == null ? select.parse() : null;
        return Jobs.withSession(NAME, engine.master, session -> {
            Configuration conf = session.sparkContext().hadoopConfiguration();
            Path file = RemoteCheckpoints.resolve(new Path(path), conf);
            try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf)) {
                if (selection == null) {
                    byMasks(session, checkpoint, file, String.valueOf(masks), how);
                } else {
                    bySelection(session, checkpoint, file, selection, how);
                }
            }
            return 0;
        });
    }

    private void bySelection(SparkSession session, Checkpoint checkpoint, Path file, Selection selection, Fill how)
            throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        boolean needed = how.needsInit() || selection.criterion().needsInit();
        try (BaselineOptions.Resolved resolved = baseline.resolve(checkpoint, file, conf, needed)) {
            Baseline base = resolved.baseline();
            Optional<String> text = resolved.planForFile();
            SparkSelection work =
                    SparkSelection.of(session, checkpoint, resolved.plan(), base, selection, engine.partitions);
            SelectOutput target = new SelectOutput(work, checkpoint, file, new Path(output), conf, false, how);
            String source = new Path(path).getName();
            String tool = ToolVersion.name();
            MaskRecord asked = MaskRecord.of(selection, base, source, tool);
            target.claim(List.of(asked.fields().toString(), text.orElse(""), how.id(), baseline.identity(conf)), force);
            DividedSelection.Outcome outcome = work.cut();
            // where a limit of sizes is the cut, the command selects while it writes and records no other
            MaskRecord record = selection.target() instanceof Selection.AtMost
                    ? asked
                    : MaskRecord.of(selection, outcome.cuts(), base, source, tool);
            print(work, target.write(session, outcome, metadata(record.fields(), text, how)), selection);
        }
    }

    private void byMasks(SparkSession session, Checkpoint checkpoint, Path file, String masked, Fill how)
            throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        Path maskFile = RemoteCheckpoints.resolve(new Path(masked), conf);
        boolean zero = how == Fill.ZERO && !baseline.given();
        try (Checkpoint opened = RemoteMasks.open(maskFile, conf);
                BaselineOptions.@Nullable Resolved resolved = zero ? null : baseline.resolve(checkpoint, file, conf)) {
            Optional<Baseline> base = resolved == null ? Optional.empty() : Optional.of(resolved.baseline());
            List<MasksInPlace.Place> places = MasksInPlace.of(HadoopBytes.name(maskFile), opened, checkpoint, base);
            if (how.needsInit()) {
                checkInitial(places, base);
            }
            List<RankedTensor> tensors =
                    places.stream().map(MasksInPlace.Place::tensor).toList();
            Optional<Plan> plan = resolved == null ? Optional.empty() : resolved.plan();
            SparkSelection work = SparkSelection.given(session, plan, tensors);
            SelectOutput target = new SelectOutput(work, checkpoint, file, new Path(output), conf, false, how);
            ObjectNode provenance = JsonNodeFactory.instance.objectNode();
            provenance.put("masks", new Path(masked).getName());
            if (zero) {
                provenance.put("fill", how.id()); // where the command has it
            }
            base.ifPresent(known -> {
                provenance.put("baseline", known.kind().id());
                known.seed().ifPresent(seed -> provenance.put("seed", seed));
            });
            provenance.put("tool", ToolVersion.name());
            Optional<String> text = resolved == null ? Optional.empty() : resolved.planForFile();
            List<SelectedShard.GivenMask> given = given(opened, maskFile, places);
            List<String> content = new ArrayList<>(List.of(provenance.toString(), text.orElse(""), how.id()));
            content.add(given.toString());
            content.add(baseline.identity(conf));
            content.add(SelectOutput.identity(maskFile, conf));
            for (SelectedShard.GivenMask mask : given) {
                content.add(SelectOutput.identity(new Path(mask.file()), conf));
            }
            target.claim(content, force);
            print(work, target.write(session, given, metadata(provenance, text, how)), null);
        }
    }

    private static void checkInitial(List<MasksInPlace.Place> places, Optional<Baseline> baseline) {
        for (MasksInPlace.Place place : places) {
            String name = place.tensor().name();
            if (baseline.flatMap(base -> base.find(name)).isEmpty()) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "' has a mask and no initial values to go back to");
            }
        }
    }

    private static List<SelectedShard.GivenMask> given(Checkpoint masks, Path file, List<MasksInPlace.Place> places) {
        Map<String, String> shards = masks instanceof ShardedCheckpoint set ? set.weightMap() : Map.of();
        List<SelectedShard.GivenMask> given = new ArrayList<>();
        for (MasksInPlace.Place place : places) {
            String name = place.mask().info().name();
            String shard = shards.get(name);
            Path lies = shard == null ? file : new Path(file.getParent(), shard);
            given.add(new SelectedShard.GivenMask(lies.toString(), name, place.turned()));
        }
        return given;
    }

    private static Map<String, String> metadata(ObjectNode record, Optional<String> plan, Fill how) {
        Map<String, String> metadata = new LinkedHashMap<>();
        plan.ifPresent(text -> metadata.put(Checkpoint.PLAN_KEY, text));
        metadata.put("detinit.prune", record.put("fill", how.id()).toString());
        return metadata;
    }

    private void print(SparkSelection work, SelectOutput.Written written, @Nullable Selection selection) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("input", path);
        object.put("output", output);
        if (selection == null) {
            object.putNull("criterion").put("masks", masks);
        } else {
            object.put("criterion", selection.criterion().id());
        }
        object.put("fill", fill);
        object.put("storage", TensorStorage.DENSE.id());
        PruneJson.put(object, entries(work.tensors(), written.kept()));
        PruneJson.putBytes(object, written.bytesBefore(), written.bytesAfter());
        PruneJson.putNoAccuracy(object);
        object.putObject("shards").put("written", written.written()).put("found", written.found());
        spec.commandLine().getOut().println(object);
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
