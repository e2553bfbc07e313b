package io.detinit.cli.report;

import io.detinit.interop.audit.DeltaHistogram;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.Threshold;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The distribution of |w - w0| by powers of two over an axis of powers of ten, exact zeros as a bar of their own. */
final class SvgHistogram {

    private static final double WIDTH = 400;
    private static final double HEIGHT = 220;
    private static final double LEFT = 40;
    private static final double TOP = 48;

    /** Rows of labels above the bars. */
    private static final int ROWS = 3;

    /** About the width of a letter. */
    private static final double LETTER = 7;

    private static final double FLOOR = 190;
    private static final double ZERO_WIDTH = 18;
    private static final double GAP = 14;
    private static final double LOG2_OF_10 = Math.log(10) / Math.log(2);

    private final HtmlWriter page;
    private final Figures figures;
    private final List<Threshold> thresholds;

    /** The axis, in powers of two. */
    private final double first;

    private final double end;

    /** The share at the upper end of the other axis, in per cent. */
    private final double top;

    private SvgHistogram(HtmlWriter page, Figures figures, List<Threshold> thresholds) {
        this.page = page;
        this.figures = figures;
        this.thresholds = thresholds;
        DeltaHistogram histogram = figures.histogram();
        boolean none = histogram.counts().isEmpty();
        double low = none ? -20 : histogram.firstExponent();
        double high = none ? 0 : low + histogram.counts().size();
        for (int t = 0; t < thresholds.size(); t++) {
            double place = place(t);
            if (!Double.isNaN(place)) {
                low = Math.min(low, place - 1);
                high = Math.max(high, place + 1);
            }
        }
        this.first = low;
        this.end = Math.max(high, low + 4);
        double highest = Math.max(percent(histogram.zero()), 0.1);
        for (long count : histogram.counts()) {
            highest = Math.max(highest, percent(count));
        }
        this.top = SvgTicks.ceiling(highest);
    }

    static void write(HtmlWriter page, String label, Figures figures, List<Threshold> thresholds) {
        SvgHistogram chart = new SvgHistogram(page, figures, thresholds);
        page.open("svg", "viewBox", "0 0 400 220", "role", "img", "aria-label", label);
        page.element("title", label);
        chart.grid();
        chart.bars();
        chart.limits();
        page.close();
    }

    private double percent(long count) {
        return figures.percent(count);
    }

    /** A threshold's place on the axis; NaN where it has none. */
    private double place(int threshold) {
        double limit = figures.limits().get(threshold);
        if (thresholds.get(threshold).kind() == Threshold.Kind.ULP) {
            limit *= figures.spacing(); // at the size of the initial values' spread
        }
        double place = Math.log(limit) / Math.log(2);
        return limit > 0 && place > -150 && place < 130 ? place : Double.NaN;
    }

    private double x(double exponent) {
        double from = LEFT + ZERO_WIDTH + GAP;
        return from + (exponent - first) / (end - first) * (WIDTH - 4 - from);
    }

    private double y(double percent) {
        return FLOOR - percent / top * (FLOOR - TOP);
    }

    private void grid() {
        for (int k = 0; k <= 4; k++) {
            double percent = top * k / 4;
            line("grid", LEFT, y(percent), WIDTH - 4, y(percent));
            text(SvgTicks.label(percent) + (k == 4 ? " %" : ""), LEFT - 4, y(percent) + 4, "end", "soft");
        }
        text("0", LEFT + ZERO_WIDTH / 2, FLOOR + 13, "middle", "soft");
        int low = (int) Math.ceil(first / LOG2_OF_10);
        int high = (int) Math.floor(end / LOG2_OF_10);
        int step = Math.max(1, (int) Math.ceil((high - low + 1) / 9.0));
        for (int power = low; power <= high; power++) {
            double x = x(power * LOG2_OF_10);
            if (power % step == 0 && x < WIDTH - 12) {
                line("grid", x, FLOOR, x, FLOOR + 4);
                text(HtmlText.powerOfTen(power), x, FLOOR + 14, "middle", "soft");
            }
        }
        text("|w \u2212 w0|", WIDTH - 4, HEIGHT - 2, "end", "soft");
        text("share of weights", 0, 10, "start", "soft");
    }

    private void bars() {
        DeltaHistogram histogram = figures.histogram();
        rect("same", LEFT, ZERO_WIDTH, percent(histogram.zero()));
        double split = place(0);
        for (int k = 0; k < histogram.counts().size(); k++) {
            double from = histogram.firstExponent() + (double) k;
            double percent = percent(histogram.counts().get(k));
            double middle = Double.isNaN(split) ? from : Math.max(from, Math.min(from + 1, split));
            rect("below", x(from), x(middle) - x(from), percent);
            rect("moved", x(middle), x(from + 1) - x(middle), percent);
        }
        line("frame", LEFT, FLOOR, WIDTH - 4, FLOOR);
    }

    /** The lines of the thresholds, a label lower down where it would cover another. */
    private void limits() {
        double[] ends = new double[ROWS];
        List<Integer> drawn = IntStream.range(0, thresholds.size())
                .boxed()
                .filter(t -> !Double.isNaN(place(t)))
                .sorted(Comparator.comparingDouble(this::place))
                .toList();
        for (int t : drawn) {
            Threshold threshold = thresholds.get(t);
            String name = (threshold.kind() == Threshold.Kind.ULP ? "\u2248 " : "") + AuditHtmlWords.name(threshold);
            double width = LETTER * name.length();
            double x = x(place(t));
            double from = Math.max(LEFT, Math.min(x - width / 2, WIDTH - width));
            int row = 0;
            while (row < ROWS - 1 && ends[row] > from) {
                row++;
            }
            ends[row] = from + width + LETTER;
            double y = TOP - 2 - 11 * (ROWS - 1 - row);
            line("limit", x, y + 2, x, FLOOR);
            text(name, from, y, "start", "limit");
        }
    }

    private void rect(String style, double x, double width, double percent) {
        if (percent > 0 && width > 0) {
            double height = Math.max(0.75, FLOOR - y(percent));
            page.empty(
                    "rect",
                    "class",
                    style,
                    "x",
                    HtmlText.at(x),
                    "y",
                    HtmlText.at(FLOOR - height),
                    "width",
                    HtmlText.at(width),
                    "height",
                    HtmlText.at(height));
        }
    }

    private void line(String style, double x1, double y1, double x2, double y2) {
        String path = "M" + HtmlText.at(x1) + " " + HtmlText.at(y1) + "L" + HtmlText.at(x2) + " " + HtmlText.at(y2);
        page.empty("path", "class", style, "d", path);
    }

    private void text(String text, double x, double y, String anchor, String style) {
        page.element("text", text, "x", HtmlText.at(x), "y", HtmlText.at(y), "text-anchor", anchor, "class", style);
    }
}
