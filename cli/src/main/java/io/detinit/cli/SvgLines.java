package io.detinit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Lines over the time of a training. */
final class SvgLines {

    /** The most lines in one chart; each has a colour and a dash of its own. */
    static final int MOST = 6;

    private static final double HEIGHT = 230;
    private static final double LEFT = 44;
    private static final double RIGHT = 388;
    private static final double TOP = 20;
    private static final double FLOOR = 198;

    /** The most points of a line: more could not be told apart. */
    private static final int POINTS = 300;

    private final HtmlWriter page;
    private final double first;
    private final double last;
    private final double top;

    private SvgLines(HtmlWriter page, double first, double last, double top) {
        this.page = page;
        this.first = first;
        this.last = last > first ? last : first + 1;
        this.top = top;
    }

    /**
     * One chart.
     *
     * @param label what it shows, for those who cannot see it
     * @param quantity what goes up, with its unit
     * @param top the upper end of that axis
     * @param unit what goes to the right
     * @param series at most {@link #MOST}
     */
    static void write(
            HtmlWriter page,
            String label,
            String quantity,
            double top,
            String unit,
            List<HtmlTimeline.Series> series,
            ToDoubleFunction<HtmlTimeline.Point> value) {
        double[] times = series.stream()
                .flatMap(s -> s.points().stream())
                .mapToDouble(HtmlTimeline.Point::at)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        if (times.length == 0) {
            return;
        }
        page.open("svg", "viewBox", "0 0 400 230", "role", "img", "aria-label", label);
        page.element("title", label);
        SvgLines chart = new SvgLines(page, times[0], times[times.length - 1], top);
        chart.grid(quantity, unit);
        for (int k = 0; k < series.size(); k++) {
            chart.line(series.get(k).points(), value, style(k));
        }
        page.close();
    }

    /** The names of the lines. */
    static void legend(HtmlWriter page, List<HtmlTimeline.Series> series) {
        page.open("ul", "class", "legend");
        for (int k = 0; k < series.size(); k++) {
            page.open("li").open("svg", "class", "key", "viewBox", "0 0 36 12", "aria-hidden", "true");
            page.empty("path", "class", style(k), "d", "M1 6H35").close();
            page.open("span").name(series.get(k).tensor()).close().close();
        }
        page.close();
    }

    private static String style(int line) {
        return "series s" + line + " d" + line % 4;
    }

    private double x(double at) {
        return LEFT + (at - first) / (last - first) * (RIGHT - LEFT);
    }

    private double y(double value) {
        return FLOOR - Math.min(1, value / top) * (FLOOR - TOP);
    }

    private void grid(String quantity, String unit) {
        for (int k = 0; k <= 4; k++) {
            double value = top * k / 4;
            String y = HtmlText.at(y(value));
            page.empty("path", "class", "grid", "d", "M44 " + y + "H388");
            text(SvgTicks.label(value), LEFT - 5, y(value) + 4, "end");
        }
        double step = Math.max(SvgTicks.ceiling((last - first) / 8), first == Math.rint(first) ? 1 : 0);
        for (double at = Math.ceil(first / step) * step; at <= last * (1 + 1e-9); at += step) {
            String x = HtmlText.at(x(at));
            page.empty("path", "class", "grid", "d", "M" + x + " 198v4");
            text(at >= 1000 ? Text.format("%,.0f", at) : SvgTicks.label(at), x(at), FLOOR + 15, "middle");
        }
        text(quantity, 0, 10, "start");
        text(unit + " \u2192", RIGHT, HEIGHT - 3, "end");
    }

    private void line(List<HtmlTimeline.Point> points, ToDoubleFunction<HtmlTimeline.Point> value, String style) {
        StringBuilder path = new StringBuilder();
        char next = 'M';
        for (HtmlTimeline.Point point : thinned(points)) {
            double height = value.applyAsDouble(point);
            if (!Double.isFinite(height) || !Double.isFinite(point.at())) {
                next = 'M';
                continue;
            }
            path.append(next).append(HtmlText.at(x(point.at()))).append(' ').append(HtmlText.at(y(height)));
            next = 'L';
        }
        if (path.length() > 0) {
            page.empty("path", "class", style, "d", path.toString());
        }
    }

    private static List<HtmlTimeline.Point> thinned(List<HtmlTimeline.Point> points) {
        if (points.size() <= POINTS) {
            return points;
        }
        List<HtmlTimeline.Point> some = new ArrayList<>();
        for (int k = 0; k < POINTS; k++) {
            some.add(points.get((int) ((long) k * (points.size() - 1) / (POINTS - 1))));
        }
        return some;
    }

    private void text(String text, double x, double y, String anchor) {
        page.element("text", text, "x", HtmlText.at(x), "y", HtmlText.at(y), "text-anchor", anchor, "class", "soft");
    }
}
