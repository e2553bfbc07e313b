package io.detinit.cli;

import io.detinit.training.TensorMovement;
import io.detinit.training.Timeline;
import io.detinit.training.TimelinePoint;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A timeline on the terminal: a layer a line, a moment a column. */
final class TimelineText {

    /** The most moments shown; the first and the last are among them. */
    static final int COLUMNS = 12;

    private TimelineText() {}

    static void print(PrintWriter out, Timeline timeline) {
        List<TimelinePoint> after =
                timeline.points().stream().filter(point -> point.step() > 0).toList();
        if (after.isEmpty()) {
            return;
        }
        List<TimelinePoint> shown = spread(after);
        out.println("moved, in per cent (threshold "
                + AuditText.text(timeline.header().thresholds().get(0)) + "), after"
                + (shown.size() < after.size() ? "; " + shown.size() + " of " + after.size() + " points" : ""));
        table(shown).print(out);
        timeline.warnings().forEach(warning -> out.println("warning: " + warning.text()));
    }

    private static TextTable table(List<TimelinePoint> shown) {
        List<String> header = new ArrayList<>(List.of("tensor"));
        shown.forEach(point -> header.add(when(point)));
        TextTable table = new TextTable(header.toArray(new String[0]));
        int tensors = shown.get(0).tensors().size();
        for (int k = 0; k < tensors; k++) {
            List<Object> row = new ArrayList<>();
            row.add(shown.get(0).tensors().get(k).name());
            for (TimelinePoint point : shown) {
                row.add(percent(point.tensors().get(k)));
            }
            table.row(row.toArray());
        }
        List<Object> total = new ArrayList<>(List.of("all audited"));
        shown.forEach(point -> total.add(percent(point.total())));
        return table.row(total.toArray());
    }

    private static String percent(TensorMovement tensor) {
        return Text.format("%.1f", tensor.movedPercent());
    }

    /** Evenly chosen points. */
    private static List<TimelinePoint> spread(List<TimelinePoint> points) {
        if (points.size() <= COLUMNS) {
            return points;
        }
        List<TimelinePoint> some = new ArrayList<>();
        for (int k = 0; k < COLUMNS; k++) {
            some.add(points.get((int) ((long) k * (points.size() - 1) / (COLUMNS - 1))));
        }
        return some;
    }

    /** The epoch where it is whole, else the step. */
    static String when(TimelinePoint point) {
        return point.epoch() == Math.rint(point.epoch())
                ? Text.format("epoch %.0f", point.epoch())
                : "step " + point.step();
    }
}
