package io.detinit.cli;

import java.util.ArrayList;
import java.util.List;

/** How the weights moved while the model was trained. */
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
        List<String> names =
                series.stream().map(s -> HtmlText.shortened(s.tensor())).toList();
        page.open("div", "class", "figures").open("figure");
        page.open("figcaption")
                .element("b", "Moved weights, at the first threshold")
                .close();
        String moved = "Moved weights in per cent by " + unit + ": " + String.join(", ", names);
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
        String rms = "Root mean square of w minus w0 by " + unit + ": " + String.join(", ", names);
        SvgLines.write(page, rms, "rms of w \u2212 w0", top, unit, series, HtmlTimeline.Point::rmsDelta);
        SvgLines.legend(page, series);
        page.close().close();
    }

    private static void table(HtmlWriter page, HtmlTimeline timeline) {
        List<List<String>> rows = new ArrayList<>();
        String unit = timeline.unit();
        rows.add(List.of("tensor", "first " + unit, "moved", "last " + unit, "moved", "rms of w \u2212 w0"));
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
                            HtmlText.number(last.rmsDelta())));
                });
        HtmlPage.table(page, "Moved weights at the first and the last " + unit, rows, false);
    }
}
