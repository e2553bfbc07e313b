package io.detinit.cli.report;

import java.util.List;

/**
 * How far the tensors had moved from their initial values while they were trained, their gradients and updates, and units that
 * never fire.
 *
 * @param unit what the points are counted in: {@code epoch} or {@code step}
 * @param series one for each tensor
 * @param warnings one line for each thing that a reader should know
 */
public record HtmlTimeline(String unit, List<Series> series, List<String> warnings) {

    /** Copies the lists. */
    public HtmlTimeline {
        series = List.copyOf(series);
        warnings = List.copyOf(warnings);
    }

    /**
     * One tensor's way.
     *
     * @param tensor its name
     * @param points in the order of time
     */
    public record Series(String tensor, List<Point> points) {
        /** Copies the list. */
        public Series {
            points = List.copyOf(points);
        }
    }

    /**
     * A moment.
     *
     * @param at epochs or steps done
     * @param movedPercent moved weights in per cent at the first threshold
     * @param rmsDelta root of the mean of (w - w0)^2
     * @param gradientNorm mean norm of the gradient over the sampled steps before; NaN where it was not measured
     * @param updateRatio mean update-to-weight ratio over the same steps; NaN where it was not measured
     * @param neverFirePercent units that never fire in per cent; NaN where no activation follows that can be seen
     */
    public record Point(
            double at,
            double movedPercent,
            double rmsDelta,
            double gradientNorm,
            double updateRatio,
            double neverFirePercent) {

        /** A moment of which the movement alone is known. */
        Point(double at, double movedPercent, double rmsDelta) {
            this(at, movedPercent, rmsDelta, Double.NaN, Double.NaN, Double.NaN);
        }
    }
}
