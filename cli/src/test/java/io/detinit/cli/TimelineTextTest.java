package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import io.detinit.training.timeline.Activity;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.TensorGradient;
import io.detinit.training.timeline.TensorMovement;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.UnitActivity;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TimelineTextTest {

    private static TensorMovement moved(String name, long moved) {
        return new TensorMovement(
                name,
                TensorShape.of(1000),
                List.of(moved),
                0,
                0,
                0,
                0,
                OptionalDouble.empty(),
                0,
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
    }

    private static List<String> text(int points) {
        List<TimelinePoint> all = IntStream.rangeClosed(0, points)
                .mapToObj(k -> new TimelinePoint(
                        k / 2.0, 10L * k, 0, moved("", k), List.of(moved("fc1.weight", k)), List.of()))
                .toList();
        Timeline timeline = new Timeline(
                new Timeline.Header("seed", OptionalLong.of(1), AuditSchedule.steps(10, Threshold.DEFAULT)), all);
        StringWriter out = new StringWriter();
        TimelineText.print(new PrintWriter(out, true), timeline);
        return out.toString().lines().toList();
    }

    @Test
    void momentsAreNamedByTheirEpochOrElseByTheirStep() {
        List<String> lines = text(4);
        assertEquals("tensor       step 10  epoch 1  step 30  epoch 2", lines.get(1));
        assertEquals("fc1.weight       0.1      0.2      0.3      0.4", lines.get(3));
        assertEquals("all audited      0.1      0.2      0.3      0.4", lines.get(4));
    }

    @Test
    void ofManyMomentsTheFirstAndTheLastAreShown() {
        List<String> lines = text(1000);
        assertTrue(lines.get(0).endsWith("; 12 of 1000 points"), lines.get(0));
        assertTrue(lines.get(1).contains(" step 10 ") && lines.get(1).endsWith("epoch 500"), lines.get(1));
        assertEquals(1 + TimelineText.COLUMNS, lines.get(3).split(" +").length);
    }

    private static TensorGradient gradient(String name, double norm, OptionalDouble ratio) {
        OptionalDouble value = OptionalDouble.of(norm);
        return new TensorGradient(name, 8, 0, value, value, OptionalDouble.of(1), ratio, ratio);
    }

    /** The line of an epoch and the table at the end. */
    @Test
    void gradientsUpdatesAndSilentUnitsAreShownWhereTheyWereMeasured() {
        Activity activity = new Activity(
                List.of(gradient("fc1.weight", 0.25, OptionalDouble.of(1.5e-5))),
                Optional.of(gradient("", 0.5, OptionalDouble.of(2e-3))),
                List.of(new UnitActivity("fc1.weight", 1000, 125, 200)));
        List<TensorMovement> tensors = List.of(moved("fc1.weight", 500), moved("fc1.bias", 500));
        TimelinePoint point = new TimelinePoint(1, 10, 0, moved("", 500), tensors, List.of(), activity);
        assertEquals(
                "audit epoch 1  moved 50.0 % of all weights, gradient 0.500, update/weight 0.00200, never fire 12.5 %"
                        + " of 1,000 units",
                TimelineText.line(point));
        StringWriter out = new StringWriter();
        Timeline timeline = new Timeline(
                new Timeline.Header("seed", OptionalLong.of(1), AuditSchedule.epochs(1, Threshold.DEFAULT)),
                List.of(point));
        TimelineText.print(new PrintWriter(out, true), timeline);
        List<String> lines = out.toString().lines().toList();
        int title =
                lines.indexOf("gradients and updates of the steps before epoch 1, means of 8; units that never fire");
        assertTrue(title > 0, lines.toString());
        assertEquals("tensor      gradient norm  update/weight  never fire", lines.get(title + 1));
        assertEquals("fc1.weight          0.250         1.5e-5      12.5 %", lines.get(title + 3));
        assertEquals(title + 4, lines.size(), "nothing was measured of the bias");
    }

    @Test
    void nothingIsSaidOfATrainingThatDidNotBegin() {
        assertEquals(List.of(), text(0));
    }
}
