package io.detinit.cli;

import io.detinit.cli.report.HtmlPage;
import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.HtmlWriter;
import io.detinit.cli.report.SvgBars;
import io.detinit.cli.report.SvgHeatMap;
import io.detinit.cli.report.Text;
import io.detinit.interop.audit.MovedLines.Picture;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.training.EpochResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The demo's findings as one HTML page. */
final class HtmlReport {

    private HtmlReport() {}

    static String of(DemoCommand.Findings findings) {
        HtmlWriter page = HtmlPage.begin("Which weights learned?");
        page.open("main").element("h1", "Which weights actually learned?");
        page.element(
                "p",
                "Model " + findings.config().model().text() + ", he initialisation from seed "
                        + findings.config().seed() + ", SGD 0.1, batch 128, "
                        + HtmlText.count(findings.config().epochs(), "epoch") + " on " + findings.data()
                        + ". Every initial weight was regenerated from the seed; nothing was stored.");
        moved(page, findings);
        inputs(page, findings.inputMovement());
        page.element("h2", "Pruned, in ONNX Runtime");
        HtmlPage.table(page, "The pruned models", DemoCommand.table(findings).rows(), false);
        page.element(
                "p",
                "An unmoved weight still contributes w0 \u00b7 x: zeroing it changes the network, going back to w0 hardly does."
                        + " All files are stored densely: zeros shrink a file only when it is compressed, and make no inference"
                        + " faster.");
        page.element(
                "p",
                "DJL's own test accuracy " + Text.fraction(findings.djlAccuracy())
                        + "; ONNX logits differ from DJL's by at most "
                        + Text.format("%.2g", findings.onnxAgainstDjl()) + ".",
                "class",
                "soft");
        page.element("h2", "Training");
        HtmlPage.table(
                page, "Training, epoch by epoch", epochs(findings.history()).rows(), false);
        page.close();
        return HtmlPage.end(page);
    }

    private static void moved(HtmlWriter page, DemoCommand.Findings findings) {
        page.element("h2", "Moved weights");
        page.element("p", "A weight moved (is awakened) where |w \u2212 w0| > threshold; the others sleep.");
        List<TensorAudit> audited =
                findings.audit().tensors().stream().filter(TensorAudit::audited).toList();
        SvgBars.write(page, findings.audit(), audited, Map.of());
        HtmlPage.table(
                page,
                "Moved weights",
                withoutBars(AuditText.table(findings.audit()).rows()),
                true);
        page.element(
                "p",
                "Correlation of w with w0: "
                        + Text.fraction(findings.audit().provenance().correlation()) + ", verdict "
                        + findings.audit().provenance().verdict().id() + ".",
                "class",
                "soft");
    }

    /** The terminal's table less its column of bars, which are drawn above it. */
    private static List<List<String>> withoutBars(List<List<String>> rows) {
        int bars = rows.get(0).indexOf("");
        return rows.stream()
                .map(row -> {
                    List<String> cells = new ArrayList<>(row);
                    if (row.size() > bars + 1) {
                        cells.remove(bars);
                    }
                    return cells;
                })
                .map(List::copyOf)
                .toList();
    }

    /** Inputs as a square picture where they are one, else as one row. */
    private static void inputs(HtmlWriter page, List<Double> movement) {
        page.element("h2", "How far each input's weights moved");
        page.element("p", "Mean |w \u2212 w0| over the first layer's units, one cell a pixel.");
        int side = (int) Math.round(Math.sqrt(movement.size()));
        int width = side * side == movement.size() ? side : movement.size();
        Set<Integer> dead = new TreeSet<>();
        for (int k = 0; k < movement.size(); k++) {
            if (movement.get(k) == 0) {
                dead.add(k);
            }
        }
        SvgHeatMap.Scale scale = SvgHeatMap.Scale.of(movement);
        page.open("figure").open("div", "class", "channels");
        String label = "Movement of each input, " + HtmlText.count(dead.size(), "input") + " without any outlined";
        SvgHeatMap.image(page, label, new Picture(movement.size() / width, width, movement), scale, dead);
        page.close();
        SvgHeatMap.legend(
                page,
                movement,
                scale,
                dead.isEmpty() ? "" : "outlined: the pixel is always black, its weights never moved");
        page.close();
    }

    private static TextTable epochs(List<EpochResult> history) {
        TextTable epochs = new TextTable("epoch", "train loss", "test loss", "test accuracy", "seconds");
        for (EpochResult result : history) {
            epochs.row(
                    result.epoch(),
                    Text.fraction(result.trainLoss()),
                    Text.fraction(result.testLoss()),
                    Text.fraction(result.testAccuracy()),
                    Text.format("%.2f", result.seconds()));
        }
        return epochs;
    }
}
