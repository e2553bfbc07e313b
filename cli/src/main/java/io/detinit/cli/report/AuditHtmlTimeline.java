package io.detinit.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** How the weights moved while the model was trained, their gradients and updates, and units that never fire. */
final class AuditHtmlTimeline {

    /** The most tensors that are drawn, in charts of {@link SvgLines#MOST}. */
    static final int MOST_DRAWN = 24;

    /** The most lines of the table. */
    private static final int MOST_ROWS = 1000;

    private AuditHtmlTimeline() {}

    static void write(HtmlWriter page, HtmlTimeline timeline) {
        page.element("h2", "While it was trained");
        timeline.warnings()
                .forEach(warning -> page.open("div", "class", "notice")
                        .element("p", warning)
                        .close());
        List<HtmlTimeline.Series> drawn = timeline.series().stream()
                .filter(series -> !series.points().isEmpty())
                .limit(MOST_DRAWN)
                .toList();
        if (drawn.size() < timeline.series().size()) {
            page.element(
                    "p",
                    "The first " + drawn.size() + " of "
                            + HtmlText.count(timeline.series().size(), "tensor") + " are drawn.",
                    "class",
                    "soft");
        }
        for (int from = 0; from < drawn.size(); from += SvgLines.MOST) {
            charts(page, timeline.unit(), drawn.subList(from, Math.min(drawn.size(), from + SvgLines.MOST)));
        }
        table(page, timeline);
    }

    private static void charts(HtmlWriter page, String unit, List<HtmlTimeline.Series> series) {
        String names = names(series);
        page.open("div", "class", "figures").open("figure");
        page.open("figcaption")
                .element("b", "Moved weights, at the first threshold")
                .close();
        String moved = "Moved weights in per cent by " + unit + ": " + names;
        SvgLines.write(page, moved, "%", 100, unit, series, HtmlTimeline.Point::movedPercent);
        SvgLines.legend(page, series);
        page.close().open("figure");
        page.open("figcaption")
                .element("b", "Distance from the initial weights")
                .close();
        double highest = series.stream()
                .flatMap(s -> s.points().stream())
                .mapToDouble(HtmlTimeline.Point::rmsDelta)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        double top = highest > 0 ? SvgTicks.ceiling(highest) : 1;
        String rms = "Root mean square of w minus w0 by " + unit + ": " + names;
        SvgLines.write(page, rms, "rms of w \u2212 w0", top, unit, series, HtmlTimeline.Point::rmsDelta);
        SvgLines.legend(page, series);
        page.close();
        logarithmic(page, "Norm of the gradient", "norm", unit, series, HtmlTimeline.Point::gradientNorm);
        logarithmic(page, "Update-to-weight ratio", "ratio", unit, series, HtmlTimeline.Point::updateRatio);
        List<HtmlTimeline.Series> fired = having(series, HtmlTimeline.Point::neverFirePercent);
        if (!fired.isEmpty()) {
            page.open("figure")
                    .open("figcaption")
                    .element("b", "Units that never fire")
                    .close();
            String label = "Units that never fire in per cent by " + unit + ": " + names(fired);
            SvgLines.write(page, label, "%", 100, unit, fired, HtmlTimeline.Point::neverFirePercent);
            SvgLines.legend(page, fired);
            page.close();
        }
        page.close();
    }

    /** A chart of what spans powers of ten; nothing where it was not measured. */
    private static void logarithmic(
            HtmlWriter page,
            String caption,
            String quantity,
            String unit,
            List<HtmlTimeline.Series> series,
            ToDoubleFunction<HtmlTimeline.Point> value) {
        List<HtmlTimeline.Series> measured = having(series, value);
        if (measured.stream().flatMap(s -> s.points().stream()).anyMatch(p -> value.applyAsDouble(p) > 0)) {
            page.open("figure").open("figcaption").element("b", caption).close();
            String label = caption + " by " + unit + ": " + names(measured);
            SvgLines.writeLogarithmic(page, label, quantity, unit, measured, value);
            SvgLines.legend(page, measured);
            page.close();
        }
    }

    private static List<HtmlTimeline.Series> having(
            List<HtmlTimeline.Series> series, ToDoubleFunction<HtmlTimeline.Point> value) {
        return series.stream()
                .filter(s -> s.points().stream().anyMatch(p -> Double.isFinite(value.applyAsDouble(p))))
                .toList();
    }

    private static String names(List<HtmlTimeline.Series> series) {
        return String.join(
                ", ", series.stream().map(s -> HtmlText.shortened(s.tensor())).toList());
    }

    private static void table(HtmlWriter page, HtmlTimeline timeline) {
        List<List<String>> rows = new ArrayList<>();
        String unit = timeline.unit();
        rows.add(List.of(
                "tensor",
                "first " + unit,
                "moved",
                "last " + unit,
                "moved",
                "rms of w \u2212 w0",
                "norm of the gradient",
                "update/weight",
                "never fire"));
        timeline.series().stream()
                .filter(series -> !series.points().isEmpty())
                .limit(MOST_ROWS)
                .forEach(series -> {
                    HtmlTimeline.Point first = series.points().get(0);
                    HtmlTimeline.Point last =
                            series.points().get(series.points().size() - 1);
                    rows.add(List.of(
                            series.tensor(),
                            SvgTicks.label(first.at()),
                            Text.percent(first.movedPercent()),
                            SvgTicks.label(last.at()),
                            Text.percent(last.movedPercent()),
                            HtmlText.number(last.rmsDelta()),
                            HtmlText.number(last.gradientNorm()),
                            HtmlText.number(last.updateRatio()),
                            Double.isNaN(last.neverFirePercent()) ? "-" : Text.percent(last.neverFirePercent())));
                });
        HtmlPage.table(page, "Moved weights at the first and the last " + unit, rows, false);
    }
}
