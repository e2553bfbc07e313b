package io.detinit.spark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.detinit.cli.option.FailIf;
import io.detinit.cli.option.ThresholdOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.AuditHtml;
import io.detinit.cli.report.AuditSubject;
import io.detinit.interop.audit.AuditCsv;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Decay;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.noise.NoiseJson;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Which weights moved, worked out by many machines: {@code detinit audit --json} for safetensors and PyTorch files, sharded sets and
 * folders of torch.distributed.checkpoint on any Hadoop file system. The figures are the same bits for any number of tasks and machines.
 */
@Command(
        name = "AuditJob",
        mixinStandardHelpOptions = true,
        description = "Which weights moved: the audit of 'detinit audit --json', on Apache Spark.",
        footer = {
            "",
            "Exit codes: 0 done, 1 --fail-if holds, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug.",
            "Example: spark-submit --class io.detinit.spark.AuditJob detinit-spark.jar hdfs:///models/m --seed 42 --table hdfs:///audits/m"
        })
public final class AuditJob implements Callable<Integer> {

    private static final String NAME = "AuditJob";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli fills it
    CommandSpec spec;

    @Parameters(
            paramLabel = "PATH",
            description = "A safetensors or PyTorch file, an index of shards, or a folder with one or of "
                    + "torch.distributed.checkpoint; file:, hdfs:, s3a: and what else Hadoop reads.")
    String path = "";

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    ThresholdOptions thresholds = new ThresholdOptions();

    @Option(names = "--decay", paramLabel = "LR*WD*STEPS", description = "Undo weight decay, as 'detinit audit' does.")
    String decay = "0";

    @Option(
            names = "--rows",
            description = "Name the inputs and units in which nothing moved, and the units that moved most.")
    boolean rows;

    @Option(
            names = "--fail-if",
            paramLabel = "EXPR",
            description = "Exit with 1 if it holds: NAME OP NUMBER, NAME a number of 'total' (movedPercent, "
                    + "bitIdenticalPercent, ...), OP one of < <= > >= == !=. May be given several times.")
    List<String> failIf = new ArrayList<>();

    @Option(
            names = "--table",
            paramLabel = "DIR",
            description = "Also write one line for each row of each tensor, as Parquet.")
    @Nullable
    String table;

    @Option(
            names = "--report",
            paramLabel = "F",
            description =
                    "Also write a report: F.html, one page that needs nothing else, or F.csv, one line a tensor. May be "
                            + "given several times.")
    List<String> reports = new ArrayList<>();

    @Option(names = "--force", description = "Replace an existing table or report.")
    boolean force;

    @Mixin
    EngineOptions engine = new EngineOptions();

    AuditJob() {}

    /**
     * The command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Jobs.main(AuditJob::run, args);
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
        return Jobs.execute(new AuditJob(), NAME, args, out, err);
    }

    @Override
    public Integer call() throws IOException {
        List<FailIf> gates = failIf.stream().map(FailIf::parse).toList();
        List<Threshold> limits = thresholds.parse();
        double factor = Decay.parse(decay).factor();
        for (String report : reports) {
            if (!isPage(report) && !report.toLowerCase(Locale.ROOT).endsWith(".csv")) {
                throw new UsageException("--report " + report + ": the name must end with .html or .csv");
            }
        }
        engine.check();
        return Jobs.withSession(NAME, engine.master, session -> judge(gates, audit(session, gates, limits, factor)));
    }

    private AuditReport audit(SparkSession session, List<FailIf> gates, List<Threshold> limits, double factor)
            throws IOException {
        Configuration conf = session.sparkContext().hadoopConfiguration();
        if (table != null) {
            Jobs.checkNew(new Path(table), conf, force);
        }
        for (String target : reports) {
            RemoteFile.checkNew(new Path(target), conf, force);
        }
        Path file = RemoteCheckpoints.resolve(new Path(path), conf);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(file, conf);
                BaselineOptions.Resolved resolved = baseline.resolve(checkpoint, file, conf)) {
            Baseline base = resolved.baseline();
            AuditOptions options = options(checkpoint, limits, factor);
            SparkAudit audit = new SparkAudit(session, checkpoint, base, resolved.plan(), options, engine.partitions);
            boolean pages = reports.stream().anyMatch(AuditJob::isPage);
            AuditReport report = pages ? audit.reportWithPictures() : audit.report();
            gates.forEach(gate -> gate.checkName(AuditJson.total(report)));
            if (table != null) {
                String target = table;
                Jobs.run(() -> {
                    audit.rows().write().mode(SaveMode.Overwrite).parquet(target);
                    return 0;
                });
            }
            for (String target : reports) {
                String text = isPage(target) ? page(checkpoint, resolved, report) : AuditCsv.of(report);
                RemoteFile.write(new Path(target), conf, text.getBytes(StandardCharsets.UTF_8));
            }
            spec.commandLine()
                    .getOut()
                    .println(new JsonMapper()
                            .writeValueAsString(
                                    AuditJson.of(path, checkpoint.format(), base.kind(), base.seed(), report)));
            return report;
        }
    }

    private static boolean isPage(String report) {
        String name = report.toLowerCase(Locale.ROOT);
        return name.endsWith(".html") || name.endsWith(".htm");
    }

    private String page(Checkpoint checkpoint, BaselineOptions.Resolved resolved, AuditReport report) {
        Baseline base = resolved.baseline();
        return AuditHtml.of(
                new AuditSubject(path, checkpoint.format(), resolved.source()), base.kind(), base.seed(), report);
    }

    private int judge(List<FailIf> gates, AuditReport report) {
        for (FailIf gate : gates) {
            if (gate.holds(report)) {
                spec.commandLine()
                        .getErr()
                        .println(NAME + ": --fail-if " + gate.text() + " holds: it is " + gate.value(report));
                return Jobs.GATE;
            }
        }
        return 0;
    }

    /** With the noise record, and its decay where the command line says none, if a threshold asks for it. */
    private AuditOptions options(Checkpoint checkpoint, List<Threshold> limits, double factor) throws IOException {
        boolean lines = rows || !reports.isEmpty();
        if (limits.stream().noneMatch(limit -> limit.kind() == Threshold.Kind.AUTO)) {
            return new AuditOptions(limits, factor, lines);
        }
        NoiseRecord noise = NoiseJson.find(checkpoint.metadata(), checkpoint.path())
                .orElseThrow(() -> new IllegalArgumentException(
                        checkpoint.path() + " carries no noise record, which --threshold auto needs"));
        return new AuditOptions(limits, factor == 1 ? noise.decay() : factor, lines, noise);
    }
}
