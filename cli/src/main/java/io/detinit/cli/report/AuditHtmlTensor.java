package io.detinit.cli.report;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.MovedLines;
import io.detinit.interop.audit.MovedLines.Picture;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** One tensor's part of the page. */
final class AuditHtmlTensor {

    private static final int MOST_MOVED = 10;

    /** The longest side of inputs that are drawn as a picture, in cells. */
    private static final int LONGEST_SIDE = 256;

    private final HtmlWriter page;
    private final AuditReport report;
    private final TensorAudit tensor;
    private final Figures figures;

    private AuditHtmlTensor(HtmlWriter page, AuditReport report, TensorAudit tensor) {
        this.page = page;
        this.report = report;
        this.tensor = tensor;
        this.figures = tensor.figures();
    }

    /**
     * Writes the part.
     *
     * @param id its anchor
     * @param open whether it is unfolded at first
     */
    static void write(HtmlWriter page, AuditReport report, TensorAudit tensor, String id, boolean open) {
        page.open("details", open ? new String[] {"id", id, "open", "open"} : new String[] {"id", id});
        new AuditHtmlTensor(page, report, tensor).write();
        page.close();
    }

    private void write() {
        page.open("summary").name(tensor.name()).text(" ");
        String moved = HtmlText.share(tensor.moved(), tensor.elements());
        String facts = tensor.shape() + " " + tensor.dtype() + ", " + HtmlText.count(tensor.elements(), "weight") + ", "
                + moved + " moved";
        page.element("span", facts, "class", "soft").close();
        sentences();
        page.open("div", "class", "figures");
        histogram();
        tensor.lines().ifPresent(lines -> pictures(lines));
        page.close();
        thresholds();
        quantiles();
        tensor.lines().ifPresent(this::lines);
    }

    private void sentences() {
        tensor.provenance()
                .ifPresent(own -> page.element(
                        "p",
                        "Initial weights of this tensor alone: " + own.verdict().id() + ", correlation "
                                + Text.fraction(own.correlation()) + ", " + AuditHtml.pValue(own.pValue()) + "."));
        if (tensor.dtype() == DType.F16 || tensor.dtype() == DType.BF16) {
            spacing();
        }
        if (tensor.stored() != StoredOrder.OUT_IN) {
            page.element("p", "The file keeps this matrix transposed; here, rows are units and columns are inputs.");
        }
        if (!tensor.baselineName().isEmpty() && !tensor.baselineName().equals(tensor.name())) {
            page.open("p")
                    .text("The initial values call it ")
                    .name(tensor.baselineName())
                    .text(".")
                    .close();
        }
        if (figures.notFinite() > 0) {
            page.element(
                    "p", HtmlText.count(figures.notFinite(), "weight") + " with a difference that is NaN or infinite.");
        }
    }

    private void spacing() {
        if (!(figures.spacing() > 0)) {
            return;
        }
        List<String> finer = new ArrayList<>();
        for (int t = 0; t < report.thresholds().size(); t++) {
            if (report.thresholds().get(t).kind() != Threshold.Kind.ULP
                    && figures.limits().get(t) < figures.spacing()) {
                finer.add(AuditHtmlWords.name(report.thresholds().get(t)));
            }
        }
        String spacing = "Stored as " + tensor.dtype() + ": at the size of its weights, neighbouring numbers lie "
                + HtmlText.number(figures.spacing()) + " apart, and smaller movement is lost in rounding.";
        page.element(
                "p",
                finer.isEmpty()
                        ? spacing
                        : spacing + " Finer than that: the threshold " + String.join(", ", finer)
                                + ". There, moved means no more than that the stored number changed.");
    }

    private void histogram() {
        page.open("figure").open("figcaption").element("b", "How far the weights moved");
        page.text("Share of weights by |w \u2212 w0|; each bar spans a factor of two.")
                .close();
        String label = "Histogram of |w \u2212 w0| of " + HtmlText.shortened(tensor.name()) + ": "
                + HtmlText.share(figures.histogram().zero(), figures.elements()) + " exactly 0, median "
                + HtmlText.number(median()) + ", largest " + HtmlText.number(figures.maxAbsDelta());
        SvgHistogram.write(page, label, figures, report.thresholds());
        page.open("ul", "class", "legend");
        key("same", "exactly 0: " + HtmlText.count(figures.histogram().zero(), "weight"));
        key("below", "up to the first threshold");
        key("moved", "beyond it");
        page.close().close();
    }

    private double median() {
        return figures.quantiles().stream()
                .filter(quantile -> quantile.q() == 0.5)
                .mapToDouble(Figures.Quantile::value)
                .findFirst()
                .orElse(Double.NaN);
    }

    private void key(String style, String meaning) {
        page.open("li").open("span", "class", "swatch " + style).close();
        page.element("span", meaning).close();
    }

    private void pictures(MovedLines lines) {
        Picture picture = lines.picture();
        if (picture.means().isEmpty()) {
            return;
        }
        int rows = lines.rowMeans().size();
        int cols = lines.colMeans().size();
        boolean means = picture.rows() < rows || picture.cols() < cols;
        page.open("figure").open("figcaption").element("b", "Where in the matrix they moved");
        page.text("Mean |w \u2212 w0|, " + HtmlText.count(rows, "unit") + " down, " + HtmlText.count(cols, "input")
                        + " across; "
                        + (means
                                ? "drawn in " + picture.rows() + " \u00d7 " + picture.cols()
                                        + " cells, each the mean of its weights."
                                : "each cell is a weight."))
                .close();
        SvgHeatMap.Scale scale = SvgHeatMap.Scale.of(picture.means());
        String label = "Heat map of |w \u2212 w0| of " + HtmlText.shortened(tensor.name()) + ", " + rows + " units by "
                + cols + " inputs, largest cell " + HtmlText.number(scale.max());
        SvgHeatMap.matrix(page, label, picture, scale, rows, cols);
        SvgHeatMap.legend(page, picture.means(), scale, "");
        page.close();
        inputs(lines);
        kernel(lines);
    }

    /** Inputs whose number is that of a square picture's pixels. */
    private void inputs(MovedLines lines) {
        int cols = lines.colMeans().size();
        int channels = cols == 3 * 32 * 32 ? 3 : 1;
        int side = (int) Math.round(Math.sqrt(cols / (double) channels));
        if (tensor.shape().rank() != 2 || cols < 64 || channels * side * side != cols || side > LONGEST_SIDE) {
            return;
        }
        SvgHeatMap.Scale scale = SvgHeatMap.Scale.of(lines.colMeans());
        String size = (channels > 1 ? channels + " \u00d7 " : "") + side + " \u00d7 " + side;
        page.open("figure").open("figcaption").element("b", "The inputs as a " + size + " picture");
        page.text("Mean |w \u2212 w0| of each input's weights"
                        + (channels > 1 ? ", one picture a channel" : "")
                        + "; it means something where the inputs are the pixels of an image, row by row.")
                .close();
        page.open("div", "class", "channels");
        for (int channel = 0; channel < channels; channel++) {
            int from = channel * side * side;
            Set<Integer> dead = new TreeSet<>();
            lines.unmovedCols().stream().map(col -> col - from).forEach(dead::add);
            String label = "Movement of the inputs as a " + side + " by " + side + " picture"
                    + (channels > 1 ? ", channel " + channel : "") + ", "
                    + HtmlText.count(lines.unmovedCols().size(), "dead input") + " outlined";
            List<Double> means = lines.colMeans().subList(from, from + side * side);
            SvgHeatMap.image(page, label, new Picture(side, side, means), scale, dead);
        }
        page.close();
        int dead = lines.unmovedCols().size();
        String outlined = dead == 0 ? "" : "outlined: " + HtmlText.count(dead, "dead input") + ", nothing moved there";
        SvgHeatMap.legend(page, lines.colMeans(), scale, outlined);
        page.close();
    }

    /** A convolution's movement by the position in its kernel. */
    private void kernel(MovedLines lines) {
        if (tensor.shape().rank() != 4 || tensor.stored() != StoredOrder.OUT_IN) {
            return;
        }
        long height = tensor.shape().dim(2);
        long width = tensor.shape().dim(3);
        if (height > 32 || width > 32 || height * width < 2 || lines.colMeans().size() % (height * width) != 0) {
            return;
        }
        int positions = (int) (height * width);
        double[] sums = new double[positions];
        for (int col = 0; col < lines.colMeans().size(); col++) {
            sums[col % positions] += lines.colMeans().get(col);
        }
        int channels = lines.colMeans().size() / positions;
        List<Double> means =
                java.util.Arrays.stream(sums).map(sum -> sum / channels).boxed().toList();
        SvgHeatMap.Scale scale = SvgHeatMap.Scale.of(means);
        page.open("figure").open("figcaption").element("b", "By the position in the kernel");
        page.text("Mean |w \u2212 w0| over all kernels, " + height + " \u00d7 " + width + ".")
                .close();
        page.open("div", "class", "channels");
        String label = "Movement by the position in the kernel, " + height + " by " + width + ", largest "
                + HtmlText.number(scale.max());
        SvgHeatMap.image(page, label, new Picture((int) height, (int) width, means), scale, Set.of());
        page.close();
        SvgHeatMap.legend(page, means, scale, "");
        page.close();
    }

    private void thresholds() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("threshold", "limit here", "moved", "", "unmoved"));
        for (int t = 0; t < report.thresholds().size(); t++) {
            Threshold threshold = report.thresholds().get(t);
            long moved = figures.movedAt().get(t);
            rows.add(List.of(
                    AuditHtmlWords.name(threshold),
                    limit(threshold, figures.limits().get(t)),
                    Text.count(moved),
                    HtmlText.share(moved, figures.elements()),
                    Text.count(figures.elements() - moved)));
        }
        HtmlPage.table(page, "Moved weights at each threshold", rows, false);
    }

    private static String limit(Threshold threshold, double limit) {
        return switch (threshold.kind()) {
            case ABS -> HtmlText.given(limit);
            case ULP -> HtmlText.number(limit) + " steps";
            case STD, QUANTILE, AUTO -> HtmlText.number(limit);
        };
    }

    private void quantiles() {
        List<String> header = new ArrayList<>(List.of("quantile of |w \u2212 w0|"));
        List<String> values = new ArrayList<>(List.of("value"));
        figures.quantiles().forEach(quantile -> {
            header.add(HtmlText.given(quantile.q() * 100) + " %");
            values.add(HtmlText.number(quantile.value()));
        });
        header.add("largest");
        values.add(HtmlText.number(figures.maxAbsDelta()));
        HtmlPage.table(page, "Quantiles of |w \u2212 w0|", List.of(header, values), false);
    }

    private void lines(MovedLines lines) {
        List<String> most = lines.mostMovedRows(MOST_MOVED).stream()
                .map(row -> row + " (" + HtmlText.number(lines.rowMeans().get(row)) + ")")
                .toList();
        HtmlPage.facts(
                page,
                List.of(
                        List.of("Units that moved most, by mean |w \u2212 w0|", String.join(", ", most)),
                        List.of("Dead inputs, nothing moved", Text.ranges(lines.unmovedCols())),
                        List.of("Dead units, nothing moved", Text.ranges(lines.unmovedRows()))));
    }
}
