package io.detinit.cli.report;

import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** The table of all figures. */
final class AuditHtmlFigures {

    private final AuditReport report;

    private AuditHtmlFigures(AuditReport report) {
        this.report = report;
    }

    static void write(HtmlWriter page, AuditReport report, List<TensorAudit> tensors) {
        AuditHtmlFigures table = new AuditHtmlFigures(report);
        List<List<String>> rows = new ArrayList<>();
        rows.add(table.header());
        tensors.forEach(tensor -> {
            List<String> row = new ArrayList<>(List.of(
                    tensor.name(), tensor.shape().toString(), tensor.dtype().toString()));
            table.figures(row, tensor.figures());
            row.add(text(tensor.deadInputs()));
            row.add(text(tensor.deadUnits()));
            row.add(tensor.provenance()
                    .map(own -> own.verdict().id() + ", p " + (own.pValue() == 0 ? "0" : HtmlText.number(own.pValue())))
                    .orElse("-"));
            rows.add(row);
        });
        List<String> total = new ArrayList<>(List.of("all audited", "", ""));
        table.figures(total, report.total());
        rows.add(total);
        HtmlPage.table(page, "All figures of the audited tensors", rows, true);
    }

    private List<String> header() {
        List<String> header = new ArrayList<>(List.of("tensor", "shape", "type", "weights"));
        for (Threshold threshold : report.thresholds()) {
            header.add("moved > " + AuditHtmlWords.name(threshold));
            header.add("%");
            if (threshold.kind() != Threshold.Kind.ABS) {
                header.add("limit");
            }
        }
        header.addAll(List.of(
                "bit-identical",
                "%",
                "mean delta",
                "rms delta",
                "max delta",
                "rms / std",
                "initial std",
                "spacing",
                "correlation",
                "cosine",
                "sign flips",
                "towards 0",
                "away from 0",
                "not finite",
                "dead inputs",
                "dead units",
                "own verdict"));
        return header;
    }

    private void figures(List<String> row, Figures figures) {
        row.add(Text.count(figures.elements()));
        for (int t = 0; t < report.thresholds().size(); t++) {
            long moved = figures.movedAt().get(t);
            row.add(Text.count(moved));
            row.add(HtmlText.share(moved, figures.elements()));
            if (report.thresholds().get(t).kind() != Threshold.Kind.ABS) {
                row.add(HtmlText.number(figures.limits().get(t)));
            }
        }
        row.add(Text.count(figures.bitIdentical()));
        row.add(HtmlText.share(figures.bitIdentical(), figures.elements()));
        for (double value : new double[] {figures.meanAbsDelta(), figures.rmsDelta(), figures.maxAbsDelta()}) {
            row.add(HtmlText.number(value));
        }
        row.add(text(figures.relativeRmsDelta()));
        row.add(HtmlText.number(figures.initStd()));
        row.add(HtmlText.number(figures.spacing()));
        row.add(fraction(figures.correlation()));
        row.add(fraction(figures.cosine()));
        for (long count :
                new long[] {figures.signFlips(), figures.towardsZero(), figures.awayFromZero(), figures.notFinite()}) {
            row.add(Text.count(count));
        }
    }

    private static String text(OptionalLong value) {
        return value.isPresent() ? Text.count(value.getAsLong()) : "-";
    }

    private static String text(OptionalDouble value) {
        return value.isPresent() ? HtmlText.number(value.getAsDouble()) : "-";
    }

    private static String fraction(OptionalDouble value) {
        return value.isPresent() ? Text.fraction(value.getAsDouble()) : "-";
    }
}
