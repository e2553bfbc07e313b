package io.detinit.cli;

import io.detinit.cli.report.HtmlText;
import io.detinit.cli.report.Text;
import io.detinit.training.timeline.Activity;
import io.detinit.training.timeline.TensorMovement;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineSeries;
import io.detinit.training.timeline.UnitActivity;
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
        activity(out, after.get(after.size() - 1));
        timeline.warnings().forEach(warning -> out.println("warning: " + warning.text()));
    }

    /** A point in one line. */
    static String line(TimelinePoint point) {
        StringBuilder line = new StringBuilder(Text.format(
                "audit %s  moved %s of all weights",
                when(point), Text.percent(point.total().movedPercent())));
        point.total().relativeRms().ifPresent(rms -> line.append(Text.format(", rms delta %.3f initial std", rms)));
        Activity activity = point.activity();
        activity.total().ifPresent(total -> {
            total.meanNorm().ifPresent(norm -> line.append(", gradient ").append(HtmlText.number(norm)));
            total.meanUpdateRatio()
                    .ifPresent(ratio -> line.append(", update/weight ").append(HtmlText.number(ratio)));
        });
        activity.neverFire()
                .ifPresent(share -> line.append(Text.format(
                        ", never fire %s of %,d units",
                        Text.percent(100 * share),
                        activity.units().stream().mapToLong(UnitActivity::units).sum())));
        return line.toString();
    }

    /** The layers at the last point: gradients, updates, units. */
    private static void activity(PrintWriter out, TimelinePoint last) {
        if (last.activity().total().isEmpty()) {
            return;
        }
        TextTable table = new TextTable("tensor", "gradient norm", "update/weight", "never fire");
        for (TensorMovement tensor : last.tensors()) {
            TimelineSeries.Moment moment = TimelineSeries.Moment.of(last, tensor);
            if (moment.gradientNorm().isPresent() || moment.neverFire().isPresent()) {
                table.row(
                        tensor.name(),
                        HtmlText.number(moment.gradientNorm().orElse(Double.NaN)),
                        HtmlText.number(moment.updateRatio().orElse(Double.NaN)),
                        moment.neverFire().isPresent()
                                ? Text.percent(100 * moment.neverFire().getAsDouble())
                                : "-");
            }
        }
        out.println("gradients and updates of the steps before " + when(last) + ", means of "
                + last.activity().total().get().steps() + "; units that never fire");
        table.print(out);
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
