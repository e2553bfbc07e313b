package io.detinit.cli;

import io.detinit.cli.option.FailIf;
import io.detinit.cli.option.ThresholdOptions;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Decay;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.noise.NoiseJson;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which weights moved. */
@Command(
        name = "audit",
        description = "Which weights moved: compare a trained model with its initial weights.",
        footer = {
            "",
            "A file that 'train' wrote carries its plan and needs no --seed. Where the seed is not known: detinit identify FILE.",
            "Example: detinit audit run/model.safetensors --threshold 1e-5 --threshold std:0.1",
            "Example: detinit audit run/model.safetensors --threshold auto --false-alarm 0.001",
            "Example: detinit audit net.pt --torch-seed 42 --rows --report audit.html"
        })
final class AuditCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Mixin
    ThresholdOptions thresholds = new ThresholdOptions();

    @Option(
            names = "--decay",
            paramLabel = "LR*WD*STEPS",
            description =
                    "Undo weight decay: compare with what it left of the initial weights, (1 - LR*WD)^STEPS; one number X "
                            + "stands for exp(-X).")
    String decay = "0";

    @Option(
            names = "--rows",
            description = "Name the inputs and units in which nothing moved, and the units that moved most.")
    boolean rows;

    @Option(
            names = "--report",
            paramLabel = "F",
            description =
                    "Write a report: F.html, one page that needs nothing else, or F.csv, one line a tensor. May be given "
                            + "several times.")
    List<Path> reports = new ArrayList<>();

    @Option(names = "--force", description = "Replace existing reports.")
    boolean force;

    @Option(
            names = "--fail-if",
            paramLabel = "EXPR",
            description = "Exit with 1 if it holds: NAME OP NUMBER, NAME a number of 'total' in --json (movedPercent, "
                    + "bitIdenticalPercent, ...), OP one of < <= > >= == !=. May be given several times.")
    List<String> failIf = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        List<FailIf> gates = failIf.stream().map(FailIf::parse).toList();
        List<Threshold> limits = thresholds.parse();
        double factor = Decay.parse(decay).factor();
        for (Path report : reports) {
            AuditReports.check(report, force);
        }
        try (Checkpoint checkpoint = Checkpoints.open(file);
                ResolvedBaseline resolved = baseline.resolve(checkpoint, root.threads)) {
            AuditOptions options = options(checkpoint, limits, factor);
            AuditReport report = audit(checkpoint, resolved.baseline(), options);
            gates.forEach(gate -> gate.checkName(AuditJson.total(report)));
            for (Path target : reports) {
                AuditReports.write(target, file, checkpoint, resolved, report);
            }
            if (json) {
                Baseline base = resolved.baseline();
                print(AuditJson.of(file.toString(), checkpoint.format(), base.kind(), base.seed(), report));
            } else {
                AuditText.print(out(), file, checkpoint.format(), resolved, report, rows);
                reports.forEach(target -> out().println("wrote " + target));
            }
            return judge(gates, report);
        }
    }

    /** With the noise record, and its decay where the command line says none, if a threshold asks for it. */
    private AuditOptions options(Checkpoint checkpoint, List<Threshold> limits, double factor) throws IOException {
        boolean lines = rows || !reports.isEmpty();
        if (limits.stream().noneMatch(limit -> limit.kind() == Threshold.Kind.AUTO)) {
            return new AuditOptions(limits, factor, lines);
        }
        NoiseRecord noise = NoiseJson.find(checkpoint.metadata(), checkpoint.path())
                .orElseThrow(() -> new UsageException(checkpoint.path()
                        + " carries no noise record, which --threshold auto needs: 'detinit train' writes it into"
                        + " model.safetensors and model.onnx; give a number instead"));
        return new AuditOptions(limits, factor == 1 ? noise.decay() : factor, lines, noise);
    }

    private AuditReport audit(Checkpoint checkpoint, Baseline base, AuditOptions options) throws IOException {
        long total = checkpoint.tensors().stream()
                .filter(tensor -> base.find(tensor.info().name()).isPresent())
                .mapToLong(tensor -> tensor.info().shape().elements())
                .sum();
        Terminal terminal = terminal();
        LongConsumer progress = done -> terminal.progress("audited " + Text.percent(100.0 * done / Math.max(1, total)));
        return new Auditor(options, root.threads).audit(checkpoint, base, progress);
    }

    private int judge(List<FailIf> gates, AuditReport report) {
        @Nullable
        FailIf failed =
                gates.stream().filter(gate -> gate.holds(report)).findFirst().orElse(null);
        if (failed == null) {
            return ExitCode.DONE;
        }
        terminal().line("detinit: --fail-if " + failed.text() + " holds: it is " + failed.value(report));
        return ExitCode.GATE;
    }
}
