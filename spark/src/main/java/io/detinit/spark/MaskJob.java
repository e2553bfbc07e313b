package io.detinit.spark;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.SelectOptions;
import io.detinit.cli.option.ToolVersion;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.MaskJson;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
 * Which weights to keep, worked out and written by many machines: {@code detinit mask} for checkpoints on any Hadoop file system. The
 * masks are the same bits for any number of tasks and machines; they never come to the driver.
 */
@Command(
        name = "MaskJob",
        mixinStandardHelpOptions = true,
        description =
                "Masks, 1 = keep, as 'detinit mask' writes them, on Apache Spark: one file of masks for each shard.",
        footer = {
            "",
            "Exit codes: 0 done, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.MaskJob detinit-spark.jar hdfs:///models/m -o hdfs:///masks/m --seed 42 --sparsity 0.69"
        })
public final class MaskJob implements Callable<Integer> {

    private static final String NAME = "MaskJob";

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
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    SelectOptions select = new SelectOptions();

    @Option(
            names = "--bitmap",
            description = "Write compressed bitmaps (RoaringBitmap), too: F.roaring beside each file F of masks.")
    boolean bitmap;

    @Option(names = "--force", description = "Replace the files of another run.")
    boolean force;

    @Mixin
    EngineOptions engine = new EngineOptions();

    MaskJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Jobs.main(MaskJob::run, args);
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
        return Jobs.execute(new MaskJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        Selection selection = select.parse();
        engine.check();
        return Jobs.withSession(NAME, engine.master, session -> {
            mask(session, selection);
            return 0;
        });
    }

    private void mask(SparkSession session, Selection selection) throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf);
                BaselineOptions.Resolved resolved = baseline.resolve(
                        checkpoint, file, conf, selection.criterion().needsInit())) {
            Baseline base = resolved.baseline();
            Optional<String> text = resolved.planForFile();
            SparkSelection work =
                    SparkSelection.of(session, checkpoint, resolved.plan(), base, selection, engine.partitions);
            SelectOutput target = new SelectOutput(work, checkpoint, file, new Path(output), conf, true, Fill.ZERO)
                    .withBitmaps(bitmap);
            String source = new Path(path).getName();
            String tool = ToolVersion.name();
            String asked = MaskRecord.of(selection, base, source, tool).fields().toString();
            target.claim(List.of(asked, text.orElse(""), baseline.identity(conf)), force);
            DividedSelection.Outcome outcome = work.cut();
            MaskRecord record = MaskRecord.of(selection, outcome.cuts(), base, source, tool);
            List<RankedTensor> tensors = work.tensors();
            SelectOutput.Written written = target.write(session, outcome, record.metadata(inOut(tensors), text));
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            object.put("input", path);
            MaskJson.put(object, selection);
            MaskJson.put(object, output, entries(tensors, written.kept()), written.bytesAfter());
            if (bitmap) {
                object.putObject("bitmap").put("output", output).put("bytes", target.bitmapBytes());
            }
            MaskJson.put(object, outcome.cuts());
            object.putObject("shards").put("written", written.written()).put("found", written.found());
            spec.commandLine().getOut().println(object);
        }
    }

    /** The names of those that lie inputs first. */
    private static Set<String> inOut(List<RankedTensor> tensors) {
        Set<String> names = new LinkedHashSet<>();
        tensors.stream()
                .filter(tensor -> tensor.initial().order() == StoredOrder.IN_OUT)
                .forEach(tensor -> names.add(tensor.name()));
        return names;
    }

    private static List<MaskJson.Entry> entries(List<RankedTensor> tensors, List<Long> kept) {
        List<MaskJson.Entry> entries = new ArrayList<>();
        for (int k = 0; k < tensors.size(); k++) {
            RankedTensor tensor = tensors.get(k);
            List<Long> shape =
                    Arrays.stream(tensor.stored().info().shape().dims()).boxed().toList();
            entries.add(new MaskJson.Entry(tensor.name(), shape, tensor.elements(), kept.get(k)));
        }
        return entries;
    }
}
