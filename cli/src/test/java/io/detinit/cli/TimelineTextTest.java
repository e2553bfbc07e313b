package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import io.detinit.training.AuditSchedule;
import io.detinit.training.TensorMovement;
import io.detinit.training.Timeline;
import io.detinit.training.TimelinePoint;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
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

    @Test
    void nothingIsSaidOfATrainingThatDidNotBegin() {
        assertEquals(List.of(), text(0));
    }
}
