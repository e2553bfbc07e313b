package io.detinit.cli.report;

import io.detinit.interop.audit.MovedLines.Picture;
import java.util.List;
import java.util.Set;

/** Movement in colours: dark little, light much, nothing where it is exactly 0. Stateless. */
public final class SvgHeatMap {

    /** The width of a drawing in its own units. */
    private static final double WIDTH = 400;

    private static final double LEFT = 34;
    private static final double BELOW = 18;

    private SvgHeatMap() {}

    /**
     * What a scale's light end stands for: the largest value or, of a hundred values and more, the 99th percentile, so that a single
     * far one does not leave all others dark.
     *
     * @param top the value at the light end; 0 where nothing moved
     * @param max the largest value
     */
    public record Scale(double top, double max) {

        /**
         * The scale of some values.
         *
         * @param values what the picture shows, not negative
         * @return their scale
         */
        public static Scale of(List<Double> values) {
            List<Double> sorted = values.stream().sorted().toList();
            double max = sorted.isEmpty() ? 0 : sorted.get(sorted.size() - 1);
            double high = sorted.size() < 100 ? max : sorted.get((int) Math.ceil(0.99 * sorted.size()) - 1);
            return new Scale(high > 0 ? high : max, max);
        }
    }

    /**
     * A matrix, units down and inputs across.
     *
     * @param label what it shows, for those who cannot see it
     * @param rows how many units the matrix has
     * @param cols how many inputs
     */
    static void matrix(HtmlWriter page, String label, Picture picture, Scale scale, long rows, long cols) {
        double width = Math.min(WIDTH - LEFT - 2, 24.0 * picture.cols());
        double cell = width / picture.cols();
        double height = Math.max(12, Math.min(0.75 * width, cell * picture.rows()));
        open(page, label, WIDTH, height + BELOW + 2);
        image(page, picture, scale, LEFT, 1, width, height);
        frame(page, LEFT, 1, width, height);
        page.element("text", "0", "x", "30", "y", "10", "text-anchor", "end", "class", "soft");
        if (rows > 1 && height > 24) {
            String y = HtmlText.at(height);
            page.element("text", Long.toString(rows - 1), "x", "30", "y", y, "text-anchor", "end", "class", "soft");
        }
        String y = HtmlText.at(height + 14);
        page.element("text", "0", "x", HtmlText.at(LEFT), "y", y, "class", "soft");
        if (cols > 1 && width > 40) {
            String x = HtmlText.at(LEFT + width);
            page.element("text", Long.toString(cols - 1), "x", x, "y", y, "text-anchor", "end", "class", "soft");
        }
        if (width > 140) {
            String x = HtmlText.at(LEFT + width / 2);
            page.element("text", "inputs \u2192", "x", x, "y", y, "text-anchor", "middle", "class", "soft");
        }
        page.close();
    }

    /**
     * Inputs as the picture that they are.
     *
     * @param page where it goes
     * @param label what it shows, for those who cannot see it
     * @param picture a value of each input
     * @param scale what its colours stand for
     * @param dead the cells in which nothing moved, outlined
     */
    public static void image(HtmlWriter page, String label, Picture picture, Scale scale, Set<Integer> dead) {
        open(page, label, picture.cols(), picture.rows());
        image(page, picture, scale, 0, 0, picture.cols(), picture.rows());
        frame(page, 0, 0, picture.cols(), picture.rows());
        String path = outline(picture, dead);
        if (!path.isEmpty()) {
            page.empty("path", "class", "halo", "d", path).empty("path", "class", "dead", "d", path);
        }
        page.close();
    }

    /**
     * What the colours mean.
     *
     * @param page where it goes
     * @param values what is shown
     * @param scale their scale
     * @param outlined what an outline means; empty where nothing is outlined
     */
    public static void legend(HtmlWriter page, List<Double> values, Scale scale, String outlined) {
        page.open("ul", "class", "legend").open("li").element("span", scale.top() > 0 ? "0\u00a0<" : "0");
        page.open("span", "class", "ramp").close();
        String top = HtmlText.number(scale.top());
        page.element(
                        "span",
                        scale.max() > scale.top() ? top + " and above, at most " + HtmlText.number(scale.max()) : top)
                .close();
        if (values.contains(0.0)) {
            page.open("li").open("span", "class", "swatch").close();
            page.element("span", "exactly 0").close();
        }
        if (!outlined.isEmpty()) {
            page.open("li").open("span", "class", "swatch outline").close();
            page.element("span", outlined).close();
        }
        page.close();
    }

    private static void open(HtmlWriter page, String label, double width, double height) {
        String box = "0 0 " + HtmlText.at(width) + " " + HtmlText.at(height);
        page.open("svg", "viewBox", box, "role", "img", "aria-label", label);
        page.element("title", label);
    }

    private static void frame(HtmlWriter page, double x, double y, double width, double height) {
        page.empty(
                "rect",
                "class",
                "frame",
                "x",
                HtmlText.at(x),
                "y",
                HtmlText.at(y),
                "width",
                HtmlText.at(width),
                "height",
                HtmlText.at(height));
    }

    private static void image(
            HtmlWriter page, Picture picture, Scale scale, double x, double y, double width, double height) {
        page.empty(
                "image",
                "x",
                HtmlText.at(x),
                "y",
                HtmlText.at(y),
                "width",
                HtmlText.at(width),
                "height",
                HtmlText.at(height),
                "preserveAspectRatio",
                "none",
                "href",
                SvgPng.uri(picture.cols(), pixels(picture, scale)));
    }

    private static byte[] pixels(Picture picture, Scale scale) {
        byte[] pixels = new byte[picture.means().size()];
        for (int k = 0; k < pixels.length; k++) {
            double mean = picture.means().get(k);
            pixels[k] = (byte) (mean == 0 ? SvgPng.CLEAR : SvgColours.level(mean, scale.top()) + 1);
        }
        return pixels;
    }

    /** The borders between dead cells and others, each straight run one line. */
    private static String outline(Picture picture, Set<Integer> dead) {
        StringBuilder path = new StringBuilder();
        for (int row = 0; row <= picture.rows(); row++) {
            int from = -1;
            for (int col = 0; col <= picture.cols(); col++) {
                boolean border =
                        col < picture.cols() && isDead(picture, dead, row - 1, col) != isDead(picture, dead, row, col);
                if (border && from < 0) {
                    from = col;
                } else if (!border && from >= 0) {
                    path.append(Text.format("M%d %dH%d", from, row, col));
                    from = -1;
                }
            }
        }
        for (int col = 0; col <= picture.cols(); col++) {
            int from = -1;
            for (int row = 0; row <= picture.rows(); row++) {
                boolean border =
                        row < picture.rows() && isDead(picture, dead, row, col - 1) != isDead(picture, dead, row, col);
                if (border && from < 0) {
                    from = row;
                } else if (!border && from >= 0) {
                    path.append(Text.format("M%d %dV%d", col, from, row));
                    from = -1;
                }
            }
        }
        return path.toString();
    }

    private static boolean isDead(Picture picture, Set<Integer> dead, int row, int col) {
        return row >= 0
                && row < picture.rows()
                && col >= 0
                && col < picture.cols()
                && dead.contains(row * picture.cols() + col);
    }
}
