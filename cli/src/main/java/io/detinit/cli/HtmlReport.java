package io.detinit.cli;

import io.detinit.training.EpochResult;
import java.util.List;

/** The demo's findings as one HTML page that needs nothing else: no script, no font, no image from anywhere. */
final class HtmlReport {

    private static final String STYLE = """
            :root { color-scheme: light dark; }
            body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
            th, td { white-space: nowrap; padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #8884; }
            th:first-child, td:first-child { text-align: left; }
            svg { display: block; margin: 1rem 0; }
            .scroll { overflow-x: auto; }
            .note { color: #888; }
            """;

    private HtmlReport() {}

    static String of(DemoCommand.Findings findings) {
        StringBuilder page = new StringBuilder();
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<title>Which weights learned?</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n");
        page.append("<h1>Which weights actually learned?</h1>\n<p>Model ")
                .append(escape(findings.config().model().text()))
                .append(", he initialisation from seed ")
                .append(findings.config().seed())
                .append(", SGD 0.1, batch 128, ")
                .append(findings.config().epochs())
                .append(" epochs on ")
                .append(escape(findings.data()))
                .append(". Every initial weight was regenerated from the seed; nothing was stored.</p>\n");
        page.append(
                "<h2>Moved weights</h2>\n<p>A weight moved (is awakened) where |w - w0| &gt; threshold; the others sleep.</p>\n");
        table(page, AuditCommand.table(findings.audit()));
        page.append("<p class=\"note\">Correlation of w with w0: ")
                .append(Text.fraction(findings.audit().provenance().correlation()))
                .append(", verdict ")
                .append(findings.audit().provenance().verdict().id())
                .append(".</p>\n");
        page.append(
                "<h2>How far each input's weights moved</h2>\n<p>Mean |w - w0| over the first layer's units, one square a pixel;"
                        + " outlined: inputs whose weights never moved, since the pixel is always black.</p>\n");
        heatMap(page, findings.inputMovement());
        page.append("<h2>Pruned, in ONNX Runtime</h2>\n");
        table(page, DemoCommand.table(findings));
        page.append(
                        "<p>An unmoved weight still contributes w0 &middot; x: zeroing it changes the network, going back to w0 hardly"
                                + " does. All files are stored densely: zeros shrink a file only when it is compressed, and make no inference"
                                + " faster.</p>\n<p class=\"note\">DJL's own test accuracy ")
                .append(Text.fraction(findings.djlAccuracy()))
                .append("; ONNX logits differ from DJL's by at most ")
                .append(Text.format("%.2g", findings.onnxAgainstDjl()))
                .append(".</p>\n");
        page.append("<h2>Training</h2>\n");
        TextTable epochs = new TextTable("epoch", "train loss", "test loss", "test accuracy", "seconds");
        for (EpochResult result : findings.history()) {
            epochs.row(
                    result.epoch(),
                    Text.fraction(result.trainLoss()),
                    Text.fraction(result.testLoss()),
                    Text.fraction(result.testAccuracy()),
                    Text.format("%.2f", result.seconds()));
        }
        table(page, epochs);
        return page.append("</body>\n</html>\n").toString();
    }

    private static void table(StringBuilder page, TextTable table) {
        page.append("<div class=\"scroll\"><table>\n");
        List<List<String>> rows = table.rows();
        int columns = rows.get(0).size();
        for (int r = 0; r < rows.size(); r++) {
            String tag = r == 0 ? "th" : "td";
            page.append("<tr>");
            for (int c = 0; c < columns; c++) {
                String cell = c < rows.get(r).size() ? rows.get(r).get(c) : "";
                page.append('<')
                        .append(tag)
                        .append('>')
                        .append(escape(cell))
                        .append("</")
                        .append(tag)
                        .append('>');
            }
            page.append("</tr>\n");
        }
        page.append("</table></div>\n");
    }

    /** Inputs as a square picture where they are one, else as one row. */
    private static void heatMap(StringBuilder page, List<Double> movement) {
        int side = (int) Math.round(Math.sqrt(movement.size()));
        int width = side * side == movement.size() ? side : movement.size();
        int height = movement.size() / width;
        double max = 0;
        for (double value : movement) {
            max = Math.max(max, value);
        }
        page.append(Text.format(
                "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"movement of each input\">\n",
                10 * width, 10 * height, Math.min(480, 10 * width)));
        for (int k = 0; k < movement.size(); k++) {
            double level = max == 0 ? 0 : movement.get(k) / max;
            String fill = movement.get(k) == 0
                    ? "fill=\"none\" stroke=\"#8886\""
                    : Text.format("fill=\"hsl(%d 80%% %d%%)\"", (int) (240 - 200 * level), (int) (25 + 40 * level));
            page.append(Text.format(
                    "<rect x=\"%d\" y=\"%d\" width=\"9\" height=\"9\" %s/>\n",
                    10 * (k % width), 10 * (k / width), fill));
        }
        page.append("</svg>\n");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
