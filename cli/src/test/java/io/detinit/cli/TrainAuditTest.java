package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.cli.report.Text;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code train} says and keeps of the layers' movement. */
class TrainAuditTest {

    @TempDir
    Path folder;

    private CommandRun train(String name, Object... options) {
        List<Object> line = new ArrayList<>(
                List.of("train", "--data", "digits", "--seed", 7, "--model", "mlp:784-10", "-o", folder.resolve(name)));
        line.addAll(Arrays.asList(options));
        return CommandRun.of(line.toArray());
    }

    private Timeline timeline(String name) throws IOException {
        return Timeline.beside(folder.resolve(name).resolve("model.safetensors"))
                .orElseThrow();
    }

    @Test
    void everyEpochHasALineAndTheTableStandsAtTheEnd() throws IOException {
        CommandRun run = train("run", "--epochs", 2);
        assertEquals(0, run.code(), run.err());
        Timeline timeline = timeline("run");
        assertEquals(3, timeline.points().size());
        TimelinePoint last = timeline.points().get(2);
        String moved = Text.format("%.1f", last.total().movedPercent());
        assertTrue(run.err().contains("audit epoch 1  moved "), run.err());
        assertTrue(run.err().contains("audit epoch 2  moved " + moved + " % of all weights, rms delta "), run.err());
        assertFalse(run.err().contains("warning"), run.err());
        assertTrue(run.out().startsWith("moved, in per cent (threshold 1e-5), after"), run.out());
        assertTrue(run.out().lines().anyMatch(l -> l.startsWith("tensor") && l.endsWith("epoch 1  epoch 2")));
        assertTrue(run.out().lines().anyMatch(l -> l.startsWith("fc1.weight")));
        assertTrue(run.out().lines().anyMatch(l -> l.startsWith("all audited") && l.endsWith(moved)));
        assertFalse(Files.exists(folder.resolve("run.partial")), "it moved into the folder");
    }

    @Test
    void auditsByStepsGoIntoJsonAndNoAuditIsPossible() throws IOException {
        JsonNode json = train("steps", "--epochs", 1, "--audit-steps", 60, "--threshold", "std:0.1", "--json")
                .json();
        Timeline timeline = timeline("steps");
        assertEquals(timeline.points().size(), json.path("timeline").size());
        assertEquals(60, json.path("timeline").path(1).path("step").asInt());
        assertEquals(
                timeline.points().get(1).total().movedPercent(),
                json.path("timeline").path(1).path("movedPercent").asDouble());
        assertTrue(json.path("warnings").isArray());
        CommandRun without = train("without", "--epochs", 1, "--no-audit");
        assertEquals(0, without.code(), without.err());
        assertFalse(without.err().contains("audit "), without.err());
        assertFalse(Files.exists(folder.resolve("without").resolve("timeline.jsonl")));
        // the same weights, audited or not
        assertEquals(
                -1,
                Files.mismatch(
                        folder.resolve("steps").resolve("model.safetensors"),
                        folder.resolve("without").resolve("model.safetensors")));
    }

    /** Movement, gradients, updates and silent units of each layer: on the console, in JSON, in the history and in the report. */
    @Test
    void everyFigureIsInTheConsoleTheJsonTheHistoryAndTheReport() throws IOException {
        CommandRun run = CommandRun.of(
                "train",
                "--data",
                "digits",
                "--seed",
                7,
                "--model",
                "mlp:784-16-10",
                "--epochs",
                2,
                "--json",
                "-o",
                folder.resolve("all"));
        Timeline timeline = timeline("all");
        TimelinePoint last = timeline.points().get(2);
        assertTrue(run.err().contains(TimelineText.line(last)), run.err());
        assertTrue(run.err().contains(", gradient ") && run.err().contains(" of 16 units"), run.err());
        JsonNode point = run.json().path("timeline").path(2);
        List<String> history = Files.readAllLines(folder.resolve("all").resolve("history.jsonl"));
        JsonNode line = new com.fasterxml.jackson.databind.ObjectMapper().readTree(history.get(1));
        for (JsonNode node : List.of(point, line)) {
            assertEquals(
                    last.activity().total().orElseThrow().meanNorm().orElseThrow(),
                    node.path("gradientNorm").asDouble());
            assertEquals(
                    "fc1.weight", node.path("layers").path(0).path("tensor").asText());
            for (String figure : List.of("movedPercent", "gradientNorm", "updateRatio", "neverFire")) {
                assertTrue(node.path(figure).isNumber(), figure);
                assertTrue(node.path("layers").path(0).path(figure).isNumber(), figure);
            }
        }
        Path report = folder.resolve("report.html");
        Path model = folder.resolve("all").resolve("model.safetensors");
        assertEquals(0, CommandRun.of("audit", model, "--report", report).code());
        String html = Files.readString(report);
        for (String chart : List.of(
                "Norm of the gradient by epoch: fc1.weight, fc1.bias",
                "Update-to-weight ratio by epoch: fc1.weight, fc1.bias",
                "Units that never fire in per cent by epoch: fc1.weight\"")) {
            assertTrue(html.contains(chart), chart);
        }
    }

    @Test
    void anExplosionIsAWarningOnTheConsoleInTheHistoryAndInTheTimeline() throws IOException {
        CommandRun run = train("wild", "--epochs", 1, "--lr", 1e6);
        assertEquals(0, run.code(), run.err());
        Timeline timeline = timeline("wild");
        assertFalse(timeline.warnings().isEmpty());
        String text = "warning: " + timeline.warnings().get(0).text();
        assertTrue(run.err().contains(text), run.err());
        assertTrue(run.out().contains(text), run.out());
        String history = Files.readString(folder.resolve("wild").resolve("history.jsonl"));
        assertTrue(history.contains(timeline.warnings().get(0).reason()), history);
    }

    @Test
    void wrongRequestsAreRefusedBeforeTraining() throws IOException {
        assertEquals(2, train("x", "--audit-every", 0).code());
        assertEquals(2, train("x", "--audit-every", 1, "--no-audit").code());
        assertEquals(2, train("x", "--audit-steps", 5, "--audit-every", 1).code());
        assertEquals(2, train("x", "--threshold", "often").code());
        Files.createDirectory(folder.resolve("x.partial"));
        Path mine = Files.writeString(folder.resolve("x.partial").resolve("timeline.jsonl"), "mine");
        CommandRun refused = train("x");
        assertTrue(refused.code() > 1, refused.err());
        assertTrue(refused.error().contains("holds an unfinished training"), refused.err());
        assertEquals("mine", Files.readString(mine));
        assertFalse(Files.exists(folder.resolve("x")));
    }
}
