package io.detinit.cli;

import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which weights moved. */
@Command(
        name = "audit",
        description = "Which weights moved: compare a trained model with its regenerated initial weights.",
        footer = {
            "",
            "A file that 'train' wrote carries its plan and needs no --seed.",
            "Example: detinit audit run/model.safetensors --threshold 1e-5 --threshold 1e-3"
        })
final class AuditCommand extends BaseCommand {

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Mixin
    BaselineOptions baseline = new BaselineOptions();

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description =
                    "A weight moved where |w - w0| > T (default: 1e-5). May be given several times; 'moved' follows the "
                            + "first.")
    List<Double> thresholds = new ArrayList<>();

    @Option(
            names = "--fail-if",
            paramLabel = "EXPR",
            description = "Exit with 1 if it holds: NAME OP NUMBER, NAME one of elements, moved, movedPercent, "
                    + "sleepingPercent, OP one of < <= > >= == !=.")
    @Nullable
    String failIf;

    @Override
    public Integer call() throws IOException {
        FailIf gate = failIf == null ? null : FailIf.parse(failIf);
        List<Threshold> limits = thresholds.isEmpty()
                ? List.of(Threshold.DEFAULT)
                : thresholds.stream().map(Threshold::new).toList();
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            BaselineOptions.Resolved resolved = baseline.resolve(checkpoint);
            AuditReport report = new Auditor(resolved.plan(), limits, root.threads).audit(checkpoint);
            if (json) {
                print(AuditJson.of(
                        file.toString(), checkpoint.format(), resolved.plan().seed(), report));
            } else {
                printText(checkpoint.format(), resolved, report);
            }
            if (gate != null && gate.holds(report)) {
                terminal().line("detinit: --fail-if " + failIf + " holds: it is " + gate.value(report));
                return ExitCode.GATE;
            }
            return ExitCode.DONE;
        }
    }

    private void printText(String format, BaselineOptions.Resolved resolved, AuditReport report) {
        Provenance provenance = report.provenance();
        out().println(file + " (" + format + ") against seed " + resolved.plan().seed() + " (plan: " + resolved.source()
                + ")");
        out().println("initialisation: " + provenance.verdict().id()
                + Text.format(
                        ", correlation of w with w0 %.4f over %s weights, p-value %.2g",
                        provenance.correlation(), Text.count(provenance.weights()), provenance.pValue()));
        if (provenance.verdict() != Provenance.Verdict.MATCH) {
            out().println(
                            "these initial weights were not shown to be the file's; what follows measures the distance to them, not"
                                    + " training");
        }
        out().println();
        table(report).print(out());
        out().println();
        out().println("moved: |w - w0| > threshold. A weight that did not move (sleeps) still contributes w0 * x.");
    }

    static TextTable table(AuditReport report) {
        List<String> header = new ArrayList<>(List.of("tensor", "shape", "elements"));
        for (Threshold threshold : report.thresholds()) {
            header.add(Text.format("moved > %.0e", threshold.value()));
        }
        header.addAll(List.of("rms delta", "corr", "dead inputs", "dead units"));
        TextTable table = new TextTable(header.toArray(new String[0]));
        for (TensorAudit tensor : report.tensors()) {
            List<Object> row = new ArrayList<>(List.of(tensor.name(), tensor.shape(), Text.count(tensor.elements())));
            if (!tensor.audited()) {
                row.add("not audited: " + tensor.reason());
            } else {
                tensor.movedAt()
                        .forEach(moved -> row.add(Text.percent(100.0 * moved / Math.max(1, tensor.elements()))));
                row.add(Text.format("%.2e", tensor.rmsDelta()));
                row.add(
                        tensor.correlation().isPresent()
                                ? Text.format("%.3f", tensor.correlation().getAsDouble())
                                : "-");
                row.add(tensor.deadInputs().isPresent() ? tensor.deadInputs().getAsLong() : "-");
                row.add(tensor.deadUnits().isPresent() ? tensor.deadUnits().getAsLong() : "-");
            }
            table.row(row.toArray());
        }
        List<Object> total = new ArrayList<>(List.of("all audited", "", Text.count(report.elements())));
        for (int t = 0; t < report.thresholds().size(); t++) {
            total.add(Text.percent(100.0 * report.movedAt(t) / Math.max(1, report.elements())));
        }
        table.row(total.toArray());
        return table;
    }
}
