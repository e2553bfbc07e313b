package io.detinit.cli.report;

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
    private final double low;
    private final double top;

    /** An axis from 0 to a top, or, where low > 0, a logarithmic one between two powers of ten. */
    private SvgLines(HtmlWriter page, double first, double last, double low, double top) {
        this.page = page;
        this.first = first;
        this.last = last > first ? last : first + 1;
        this.low = low;
        this.top = top;
    }

    /**
     * One chart whose lower end is 0.
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
        write(page, label, quantity, 0, top, unit, series, value);
    }

    /**
     * One chart with a logarithmic axis between the powers of ten around the values; a value of 0 lies on the floor.
     *
     * @param label what it shows, for those who cannot see it
     * @param quantity what goes up
     * @param unit what goes to the right
     * @param series at most {@link #MOST}, at least one with a value > 0
     */
    static void writeLogarithmic(
            HtmlWriter page,
            String label,
            String quantity,
            String unit,
            List<HtmlTimeline.Series> series,
            ToDoubleFunction<HtmlTimeline.Point> value) {
        double[] values = series.stream()
                .flatMap(s -> s.points().stream())
                .mapToDouble(value)
                .filter(v -> Double.isFinite(v) && v > 0)
                .sorted()
                .toArray();
        if (values.length > 0) {
            int lowest = (int) Math.floor(Math.log10(values[0]));
            int highest = Math.max(lowest + 1, (int) Math.ceil(Math.log10(values[values.length - 1])));
            write(page, label, quantity, Math.pow(10, lowest), Math.pow(10, highest), unit, series, value);
        }
    }

    private static void write(
            HtmlWriter page,
            String label,
            String quantity,
            double low,
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
        SvgLines chart = new SvgLines(page, times[0], times[times.length - 1], low, top);
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
        if (low > 0) {
            double part = Math.log10(Math.max(value, low) / low) / Math.log10(top / low);
            return FLOOR - Math.min(1, part) * (FLOOR - TOP);
        }
        return FLOOR - Math.min(1, value / top) * (FLOOR - TOP);
    }

    private void grid(String quantity, String unit) {
        if (low > 0) {
            int lowest = (int) Math.rint(Math.log10(low));
            int decades = (int) Math.rint(Math.log10(top)) - lowest;
            for (int k = 0; k <= decades; k += (decades + 5) / 6) {
                level(Math.pow(10, lowest + k), HtmlText.powerOfTen(lowest + k));
            }
        } else {
            for (int k = 0; k <= 4; k++) {
                level(top * k / 4, SvgTicks.label(top * k / 4));
            }
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

    private void level(double value, String label) {
        page.empty("path", "class", "grid", "d", "M44 " + HtmlText.at(y(value)) + "H388");
        text(label, LEFT - 5, y(value) + 4, "end");
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
