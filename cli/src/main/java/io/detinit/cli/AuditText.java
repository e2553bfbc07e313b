package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.MovedLines;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.tensor.DType;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An audit on the terminal: first whether the initial weights are the file's at all. */
final class AuditText {

    private static final int BAR = 16;
    private static final int UNAUDITED_LISTED = 6;

    private AuditText() {}

    static void print(
            PrintWriter out, Path file, String format, ResolvedBaseline resolved, AuditReport report, boolean rows) {
        out.println(file + " (" + format + ") against " + against(resolved));
        verdict(out, resolved.baseline().kind(), report);
        resolved.notes().forEach(out::println);
        report.notes().forEach(out::println);
        out.println();
        table(report).print(out);
        out.println();
        unaudited(out, report);
        if (rows) {
            report.tensors().forEach(tensor -> tensor.lines().ifPresent(lines -> lines(out, tensor, lines)));
        }
        explain(out, report);
    }

    private static String against(ResolvedBaseline resolved) {
        Baseline baseline = resolved.baseline();
        return switch (baseline.kind()) {
            case SEED -> "seed " + baseline.seed().orElse(0) + " (" + resolved.source() + ")";
            case TORCH_SEED -> "torch.manual_seed(" + baseline.seed().orElse(0) + ") (" + resolved.source() + ")";
            case INIT_FILE, NONE -> resolved.source();
        };
    }

    private static void verdict(PrintWriter out, Baseline.Kind kind, AuditReport report) {
        Provenance provenance = report.provenance();
        out.println("initialisation: " + provenance.verdict().id()
                + Text.format(
                        ", correlation of w with w0 %.4f over %s weights, p-value %s",
                        provenance.correlation(), Text.count(provenance.weights()), pValue(provenance.pValue())));
        if (provenance.verdict() != Provenance.Verdict.MATCH) {
            out.println(
                    "these initial weights were not shown to be the file's; what follows measures the distance to them, "
                            + "not training"
                            + (kind == Baseline.Kind.INIT_FILE ? "" : "; detinit identify searches for the seed"));
            return;
        }
        List<String> strangers = report.tensors().stream()
                .filter(tensor -> tensor.provenance()
                        .filter(p -> p.verdict() == Provenance.Verdict.NO_MATCH)
                        .isPresent())
                .map(TensorAudit::name)
                .toList();
        if (!strangers.isEmpty()) {
            out.println("no trace of the initial weights in " + String.join(", ", strangers)
                    + ": another initialisation, or training erased it");
        }
        report.suspectedDecay()
                .ifPresent(found -> out.println(Text.format(
                        "no weight kept its bits, but %.0f %% of the sampled ones are w0 times %.5f: weight decay, not learning; "
                                + "--decay %.5g undoes it",
                        100 * found.share(), found.factor(), found.decay())));
    }

    /** A probability; those that underflow are small enough. */
    static String pValue(double p) {
        return p < 1e-300 ? "below 1e-300" : Text.format("%.2g", p);
    }

    private static void unaudited(PrintWriter out, AuditReport report) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (TensorAudit tensor : report.tensors()) {
            if (!tensor.audited()) {
                byReason.computeIfAbsent(tensor.reason(), reason -> new ArrayList<>())
                        .add(tensor.name());
            }
        }
        byReason.forEach((reason, names) -> {
            int shown = Math.min(UNAUDITED_LISTED, names.size());
            out.println("not audited (" + TextTable.printable(reason) + "): "
                    + TextTable.printable(String.join(", ", names.subList(0, shown)))
                    + (names.size() > shown ? " and " + (names.size() - shown) + " more" : ""));
        });
        if (!byReason.isEmpty()) {
            out.println();
        }
    }

    static TextTable table(AuditReport report) {
        List<String> header = new ArrayList<>(List.of("tensor", "shape", "elements", ""));
        for (Threshold threshold : report.thresholds()) {
            header.add("moved > " + text(threshold));
        }
        header.addAll(List.of("identical", "rms delta", "/ std", "corr", "dead inputs", "dead units"));
        boolean reduced = report.tensors().stream().anyMatch(AuditText::isReduced);
        if (reduced) {
            header.add("spacing");
        }
        TextTable table = new TextTable(header.toArray(new String[0]));
        for (TensorAudit tensor : report.tensors()) {
            List<Object> row = new ArrayList<>(List.of(tensor.name(), tensor.shape(), Text.count(tensor.elements())));
            if (tensor.audited()) {
                figures(row, tensor.figures());
                row.add(tensor.deadInputs().isPresent() ? tensor.deadInputs().getAsLong() : "-");
                row.add(tensor.deadUnits().isPresent() ? tensor.deadUnits().getAsLong() : "-");
                if (reduced) {
                    row.add(
                            tensor.figures().spacing() > 0
                                    ? Text.format("%.1e", tensor.figures().spacing())
                                    : "-");
                }
            } else {
                row.add("not audited");
            }
            table.row(row.toArray());
        }
        List<Object> total = new ArrayList<>(List.of("all audited", "", Text.count(report.elements())));
        figures(total, report.total());
        table.row(total.toArray());
        return table;
    }

    private static void figures(List<Object> row, Figures figures) {
        row.add(bar(figures.movedPercent()));
        figures.movedAt().forEach(moved -> row.add(Text.percent(figures.percent(moved))));
        row.add(Text.percent(figures.percent(figures.bitIdentical())));
        row.add(Text.format("%.2e", figures.rmsDelta()));
        row.add(
                figures.relativeRmsDelta().isPresent()
                        ? Text.format("%.3f", figures.relativeRmsDelta().getAsDouble())
                        : "-");
        row.add(
                figures.correlation().isPresent()
                        ? Text.format("%.3f", figures.correlation().getAsDouble())
                        : "-");
    }

    private static boolean isReduced(TensorAudit tensor) {
        return tensor.audited() && (tensor.dtype() == DType.F16 || tensor.dtype() == DType.BF16);
    }

    static String text(Threshold threshold) {
        return switch (threshold.kind()) {
            case ABS -> plain(threshold.value());
            case STD -> plain(threshold.value()) + " std";
            case ULP -> plain(threshold.value()) + " ulp";
            case QUANTILE -> "quantile " + plain(threshold.value());
            case AUTO -> "noise, p " + plain(threshold.value());
        };
    }

    /** A number as one would type it: {@code 0}, {@code 0.001}, {@code 1e-5}. */
    private static String plain(double value) {
        String text = value == Math.rint(value) && value < 1e6
                ? Long.toString((long) value)
                : Double.toString(value).toLowerCase(Locale.ROOT);
        return text.replace(".0e", "e");
    }

    /** The share that moved, in a fixed width. */
    private static String bar(double percent) {
        int full = (int) Math.round(percent / 100 * BAR);
        return "#".repeat(full) + ".".repeat(BAR - full);
    }

    private static void lines(PrintWriter out, TensorAudit tensor, MovedLines lines) {
        out.println(tensor.name());
        out.println("  inputs in which nothing moved: " + Text.ranges(lines.unmovedCols()));
        out.println("  units in which nothing moved:  " + Text.ranges(lines.unmovedRows()));
        List<String> most = lines.mostMovedRows(5).stream()
                .map(row -> row + Text.format(" (%.2e)", lines.rowMeans().get(row)))
                .toList();
        out.println("  units that moved most, mean |w - w0|: " + String.join(", ", most));
        out.println();
    }

    private static void explain(PrintWriter out, AuditReport report) {
        if (report.options().noise() != null) {
            out.println(AutoText.of(report));
        }
        out.println("moved: |w - w0| > threshold. A weight that did not move (sleeps) still contributes w0 * x.");
        if (report.total().movedPercent() > 99.9 && report.total().bitIdentical() == 0) {
            out.println(
                    "That all weights moved does not say that all of them learned: weight decay, noise and momentum move "
                            + "weights too.");
        }
    }
}
