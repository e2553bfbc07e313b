package io.detinit.cli;

import io.detinit.cli.report.HtmlPage;
import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.HtmlWriter;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.AuditCsv;
import io.detinit.interop.budget.LayerCriticality;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.verify.Score;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Criticality as a table, a page and CSV. */
final class CriticalityTexts {

    private static final int BAR = 20;

    private CriticalityTexts() {}

    static void print(PrintWriter out, CriticalityFindings findings) {
        out.println(sentence(findings));
        out.println();
        List<List<String>> rows = rows(findings);
        List<String> header = new ArrayList<>(rows.get(0));
        header.add("");
        TextTable table = new TextTable(header.toArray(String[]::new));
        for (int k = 1; k < rows.size(); k++) {
            List<Object> row = new ArrayList<>(rows.get(k));
            row.add(bar(findings.table().layers().get(k - 1).scores().get(worst(findings))));
            table.row(row.toArray());
        }
        table.print(out);
        out.println();
        out.println(Text.format(
                "bar: accuracy at %s of the way to the trained weights, %d signs are 1",
                part(findings, worst(findings)), BAR));
    }

    private static String sentence(CriticalityFindings findings) {
        return Text.format(
                "accuracy on %s %s samples with one %s at w0 + a * (w - w0), all others trained; trained accuracy %.4f",
                Text.count(findings.trained().samples()),
                findings.split(),
                findings.unit().id(),
                findings.trained().accuracy());
    }

    /** The part that lies nearest to the initial values. */
    private static int worst(CriticalityFindings findings) {
        List<Double> parts = findings.table().parts();
        int worst = 0;
        for (int k = 1; k < parts.size(); k++) {
            worst = parts.get(k) < parts.get(worst) ? k : worst;
        }
        return worst;
    }

    private static String part(CriticalityFindings findings, int k) {
        return HtmlText.given(findings.table().parts().get(k));
    }

    private static String bar(Score score) {
        int full = (int) Math.round(score.accuracy() * BAR);
        return "#".repeat(full) + ".".repeat(BAR - full);
    }

    private static List<List<String>> rows(CriticalityFindings findings) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of(findings.unit().id(), "weights"));
        for (int k = 0; k < findings.table().parts().size(); k++) {
            header.add("a = " + part(findings, k));
        }
        rows.add(header);
        for (LayerCriticality.Layer layer : findings.table().layers()) {
            List<String> row = new ArrayList<>(List.of(layer.name(), Text.count(layer.elements())));
            layer.scores().forEach(score -> row.add(Text.fraction(score.accuracy())));
            rows.add(row);
        }
        return rows;
    }

    static void write(Path target, CriticalityFindings findings) throws IOException {
        boolean csv = target.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
        AtomicFile.write(target, (csv ? csv(findings) : html(findings)).getBytes(StandardCharsets.UTF_8));
    }

    /** A line for each layer and part (RFC 4180). */
    private static String csv(CriticalityFindings findings) {
        StringBuilder text = new StringBuilder("\"layer\",\"elements\",\"part\",\"accuracy\",\"loss\"\r\n");
        for (LayerCriticality.Layer layer : findings.table().layers()) {
            for (int k = 0; k < layer.scores().size(); k++) {
                Score score = layer.scores().get(k);
                text.append(AuditCsv.quoted(layer.name()))
                        .append(',')
                        .append(layer.elements())
                        .append(',')
                        .append(findings.table().parts().get(k))
                        .append(',')
                        .append(score.accuracy())
                        .append(',')
                        .append(Double.isFinite(score.loss()) ? Double.toString(score.loss()) : "")
                        .append("\r\n");
            }
        }
        return text.toString();
    }

    private static String html(CriticalityFindings findings) {
        HtmlWriter page = HtmlPage.begin("What each layer's training is worth");
        page.open("main").element("h1", "What each layer's training is worth");
        page.element("p", findings.file() + ", initial weights from " + findings.baseline() + ".");
        page.element("p", sentence(findings) + ".");
        int worst = worst(findings);
        page.element("h2", "Accuracy at a = " + part(findings, worst));
        page.open("ul", "class", "bars");
        bar(page, "trained", findings.trained(), "total");
        findings.table()
                .layers()
                .forEach(layer -> bar(page, layer.name(), layer.scores().get(worst), "layer"));
        page.close();
        page.element("h2", "Part of the way");
        HtmlPage.table(page, "Accuracy by layer and part", rows(findings), false);
        page.element(
                "p",
                "A layer whose accuracy hardly falls at 0 could as well have stayed untrained, given the others as they are (Zhang,"
                        + " Bengio and Singer 2019, Are all layers created equal?). Two such layers together may not.");
        page.close();
        return HtmlPage.end(page);
    }

    private static void bar(HtmlWriter page, String name, Score score, String style) {
        String value = Text.fraction(score.accuracy());
        page.open("li", "class", style).open("span").name(name).close();
        page.open(
                "svg",
                "viewBox",
                "0 0 100 10",
                "preserveAspectRatio",
                "none",
                "role",
                "img",
                "aria-label",
                HtmlText.shortened(name) + ": accuracy " + value);
        page.empty("rect", "class", "moved", "width", HtmlText.at(100 * score.accuracy()), "height", "10");
        page.empty("rect", "class", "frame", "width", "100", "height", "10");
        page.close().element("span", value).close();
    }
}
