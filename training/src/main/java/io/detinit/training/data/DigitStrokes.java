package io.detinit.training.data;

import java.util.ArrayList;
import java.util.List;

/**
 * How the ten digits are drawn: polylines in the unit square, x to the right and y downwards, several hands for a digit.
 *
 * <p>Immutable tables; safe for use by many threads.
 */
final class DigitStrokes {

    /** [digit][variant] is a list of strokes, a stroke is x0, y0, x1, y1, ... */
    private static final List<List<List<double[]>>> TABLE = table();

    private DigitStrokes() {}

    /** The hands in which a digit is drawn. */
    static int variants(int digit) {
        return TABLE.get(digit).size();
    }

    /** The strokes of a digit in one hand. */
    static List<double[]> strokes(int digit, int variant) {
        return TABLE.get(digit).get(variant);
    }

    private static List<List<List<double[]>>> table() {
        List<List<List<double[]>>> table = new ArrayList<>();
        table.add(List.of(List.of(arc(0.5, 0.5, 0.30, 0.42, 0, 360)), List.of(arc(0.5, 0.5, 0.20, 0.44, -30, 335))));
        table.add(List.of(
                List.of(line(0.5, 0.08, 0.5, 0.92)),
                List.of(line(0.32, 0.28, 0.54, 0.08, 0.54, 0.92)),
                List.of(line(0.34, 0.26, 0.52, 0.08, 0.52, 0.92), line(0.32, 0.92, 0.72, 0.92))));
        table.add(List.of(
                List.of(join(arc(0.5, 0.30, 0.27, 0.22, 190, 390), line(0.22, 0.90, 0.80, 0.90))),
                List.of(
                        join(arc(0.48, 0.32, 0.26, 0.24, 200, 400), line(0.30, 0.82)),
                        arc(0.34, 0.82, 0.09, 0.09, 0, 360),
                        line(0.40, 0.80, 0.80, 0.92))));
        table.add(List.of(
                List.of(join(arc(0.46, 0.29, 0.26, 0.21, 200, 440), arc(0.46, 0.70, 0.30, 0.22, -80, 150))),
                List.of(join(line(0.24, 0.10, 0.74, 0.10, 0.46, 0.42), arc(0.46, 0.67, 0.28, 0.25, -90, 150)))));
        table.add(List.of(
                List.of(line(0.62, 0.92, 0.62, 0.08, 0.20, 0.64, 0.84, 0.64)),
                List.of(line(0.28, 0.08, 0.24, 0.52, 0.76, 0.52), line(0.70, 0.10, 0.68, 0.92))));
        table.add(List.of(
                List.of(join(line(0.76, 0.09, 0.30, 0.09, 0.27, 0.44), arc(0.46, 0.65, 0.28, 0.26, -120, 145))),
                List.of(
                        join(line(0.30, 0.10, 0.28, 0.42), arc(0.46, 0.64, 0.27, 0.26, -125, 140)),
                        line(0.30, 0.10, 0.76, 0.12))));
        table.add(List.of(
                List.of(join(line(0.62, 0.07, 0.36, 0.38), arc(0.50, 0.68, 0.26, 0.24, 180, 545))),
                List.of(join(arc(0.66, 0.56, 0.42, 0.48, 285, 180), arc(0.50, 0.70, 0.26, 0.22, 180, 545)))));
        table.add(List.of(
                List.of(line(0.20, 0.10, 0.80, 0.10, 0.42, 0.92)),
                List.of(line(0.20, 0.12, 0.78, 0.10, 0.46, 0.92), line(0.34, 0.50, 0.74, 0.50))));
        table.add(List.of(
                List.of(arc(0.5, 0.29, 0.22, 0.20, 0, 360), arc(0.5, 0.71, 0.27, 0.22, 0, 360)),
                List.of(line(
                        0.72, 0.18, 0.50, 0.08, 0.30, 0.22, 0.40, 0.42, 0.66, 0.60, 0.72, 0.78, 0.50, 0.92, 0.28, 0.78,
                        0.36, 0.58, 0.66, 0.38, 0.72, 0.18))));
        table.add(List.of(
                List.of(arc(0.48, 0.32, 0.24, 0.23, 0, 360), line(0.72, 0.32, 0.70, 0.60, 0.58, 0.93)),
                List.of(
                        arc(0.48, 0.31, 0.25, 0.22, 0, 360),
                        join(line(0.73, 0.31, 0.73, 0.66), arc(0.48, 0.68, 0.25, 0.24, 0, 130)))));
        return List.copyOf(table);
    }

    private static double[] line(double... points) {
        return points;
    }

    /** An elliptic arc from one angle to another, in degrees clockwise from the right, as a polyline of 15-degree steps. */
    private static double[] arc(double cx, double cy, double rx, double ry, double from, double to) {
        int steps = (int) Math.ceil(Math.abs(to - from) / 15);
        double[] points = new double[2 * (steps + 1)];
        for (int k = 0; k <= steps; k++) {
            double angle = (from + (to - from) * k / steps) * (Math.PI / 180);
            points[2 * k] = cx + rx * StrictMath.cos(angle);
            points[2 * k + 1] = cy + ry * StrictMath.sin(angle);
        }
        return points;
    }

    private static double[] join(double[]... parts) {
        int length = 0;
        for (double[] part : parts) {
            length += part.length;
        }
        double[] all = new double[length];
        int at = 0;
        for (double[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
