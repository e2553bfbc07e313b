package io.detinit.cli.report;

import java.util.List;

/** Lines with bands over a share in per cent on a logarithmic axis that runs from 100 down, as networks are pruned. Not thread-safe. */
public final class SvgLogLines {

    private static final double HEIGHT = 230;
    private static final double LEFT = 52;
    private static final double RIGHT = 388;
    private static final double TOP = 14;
    private static final double FLOOR = 198;

    /** Where ticks are tried: one, two and five of each power of ten. */
    private static final double[] TICKS = {1, 2, 5};

    /** A tick needs so much room. */
    private static final double ROOM = 30;

    private static final int GRID = 4;

    private final HtmlWriter page;
    private final double lowest;
    private final double bottom;
    private final double top;

    /**
     * A line.
     *
     * @param name what it is
     * @param points from many weights to few
     */
    public record Series(String name, List<Point> points) {
        /** Copies the list. */
        public Series {
            points = List.copyOf(points);
        }
    }

    /**
     * A place on a line.
     *
     * @param percent where, in (0, 100]
     * @param mean its height
     * @param min the band's lower edge
     * @param max the band's upper edge
     */
    public record Point(double percent, double mean, double min, double max) {}

    private SvgLogLines(HtmlWriter page, List<Series> series, boolean fromZero) {
        this.page = page;
        List<Point> points =
                series.stream().flatMap(one -> one.points().stream()).toList();
        double smallest = points.stream().mapToDouble(Point::percent).min().orElse(1);
        this.lowest = Math.min(smallest, 50);
        double low =
                fromZero ? 0 : points.stream().mapToDouble(Point::min).min().orElse(0);
        double high = points.stream().mapToDouble(Point::max).max().orElse(1);
        double step = SvgTicks.ceiling(Math.max(high - low, Math.abs(high) * 1e-3 + 1e-9) / GRID);
        double from = Math.floor(low / step * (1 + 1e-12)) * step;
        while (from + GRID * step < high) {
            step = SvgTicks.ceiling(step * 1.01);
            from = Math.floor(low / step * (1 + 1e-12)) * step;
        }
        this.bottom = from;
        this.top = from + GRID * step;
    }

    /**
     * One chart.
     *
     * @param page where it goes
     * @param label what it shows, for those who cannot see it
     * @param series at most 6; the dense level is that of the first one's first point
     * @param fromZero whether the vertical axis begins at 0; else where the values are
     */
    public static void write(HtmlWriter page, String label, List<Series> series, boolean fromZero) {
        if (series.isEmpty()) {
            return;
        }
        page.open("svg", "viewBox", "0 0 400 230", "role", "img", "aria-label", label);
        page.element("title", label);
        SvgLogLines chart = new SvgLogLines(page, series, fromZero);
        chart.grid();
        double dense = chart.y(series.get(0).points().get(0).mean());
        page.empty("path", "class", "limit", "d", "M52 " + HtmlText.at(dense) + "H388");
        for (int k = 0; k < series.size(); k++) {
            chart.band(series.get(k).points(), k);
        }
        for (int k = 0; k < series.size(); k++) {
            chart.line(series.get(k).points(), k);
        }
        page.close();
    }

    /**
     * The names of the lines.
     *
     * @param page where they go
     * @param series the lines
     */
    public static void legend(HtmlWriter page, List<Series> series) {
        page.open("ul", "class", "legend");
        for (int k = 0; k < series.size(); k++) {
            page.open("li").open("svg", "class", "key", "viewBox", "0 0 36 12", "aria-hidden", "true");
            page.empty("path", "class", style(k), "d", "M1 6H35").close();
            page.element("span", series.get(k).name()).close();
        }
        page.close();
    }

    private static String style(int line) {
        return "series s" + line + " d" + line % 4;
    }

    private double x(double percent) {
        return LEFT + Math.log(100 / percent) / Math.log(100 / lowest) * (RIGHT - LEFT);
    }

    private double y(double value) {
        return FLOOR - (value - bottom) / (top - bottom) * (FLOOR - TOP);
    }

    private void grid() {
        for (int k = 0; k <= GRID; k++) {
            double value = bottom + (top - bottom) * k / GRID;
            page.empty("path", "class", "grid", "d", "M52 " + HtmlText.at(y(value)) + "H388");
            text(label(value), LEFT - 5, y(value) + 4, "end");
        }
        double free = Double.NEGATIVE_INFINITY;
        for (int power = 2; power >= Math.floor(Math.log10(lowest)); power--) {
            for (int k = TICKS.length - 1; k >= 0; k--) {
                double percent = TICKS[k] * Math.pow(10, power);
                if (percent <= 100 && percent >= lowest * (1 - 1e-9) && x(percent) >= free) {
                    page.empty("path", "class", "grid", "d", "M" + HtmlText.at(x(percent)) + " 198v4");
                    text(SvgTicks.label(percent), x(percent), FLOOR + 15, "middle");
                    free = x(percent) + ROOM;
                }
            }
        }
        text("weights kept, % \u2192", RIGHT, HEIGHT - 3, "end");
    }

    /** Accuracies need more digits than three where they lie close together. */
    private String label(double value) {
        if (Math.abs(value) >= 1000) {
            return Text.format("%,.0f", value);
        }
        double step = (top - bottom) / GRID;
        int digits = (int) Math.min(5, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
        return Text.format("%." + digits + "f", value);
    }

    private void band(List<Point> points, int line) {
        if (points.stream().allMatch(point -> point.min() == point.max())) {
            return;
        }
        StringBuilder path = new StringBuilder();
        for (int k = 0; k < points.size(); k++) {
            Point point = points.get(k);
            path.append(k == 0 ? 'M' : 'L').append(at(point.percent(), point.max()));
        }
        for (int k = points.size() - 1; k >= 0; k--) {
            Point point = points.get(k);
            path.append('L').append(at(point.percent(), point.min()));
        }
        String fill = "fill: var(--s" + line + "); fill-opacity: 0.16";
        page.empty("path", "style", fill, "d", path.append('Z').toString());
    }

    private void line(List<Point> points, int line) {
        StringBuilder path = new StringBuilder();
        for (int k = 0; k < points.size(); k++) {
            path.append(k == 0 ? 'M' : 'L')
                    .append(at(points.get(k).percent(), points.get(k).mean()));
        }
        page.empty("path", "class", style(line), "d", path.toString());
        for (Point point : points) {
            String cx = HtmlText.at(x(point.percent()));
            String cy = HtmlText.at(y(point.mean()));
            page.empty("circle", "cx", cx, "cy", cy, "r", "2.5", "style", "fill: var(--s" + line + ")");
        }
    }

    private String at(double percent, double value) {
        return HtmlText.at(x(percent)) + " " + HtmlText.at(y(value));
    }

    private void text(String text, double x, double y, String anchor) {
        page.element("text", text, "x", HtmlText.at(x), "y", HtmlText.at(y), "text-anchor", anchor, "class", "soft");
    }
}
