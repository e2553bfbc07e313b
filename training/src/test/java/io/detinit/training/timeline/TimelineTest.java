package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimelineTest {

    @TempDir
    Path folder;

    private static final Timeline.Header HEADER = new Timeline.Header(
            "seed",
            OptionalLong.of(-7),
            AuditSchedule.steps(5, Threshold.DEFAULT, new Threshold(0.1, Threshold.Kind.STD)));

    private static final Activity ACTIVITY = new Activity(
            List.of(
                    gradient("w\n\"1\"", 0, OptionalDouble.of(0.5), OptionalDouble.of(1.0 / 3)),
                    gradient("b", 2, OptionalDouble.empty(), OptionalDouble.empty())),
            Optional.of(gradient("", 2, OptionalDouble.empty(), OptionalDouble.of(0.25))),
            List.of(new UnitActivity("w\n\"1\"", 4, 1, 1000)));

    private static TensorGradient gradient(String name, int notFinite, OptionalDouble last, OptionalDouble ratio) {
        return new TensorGradient(
                name,
                8,
                notFinite,
                last,
                OptionalDouble.of(0.75),
                OptionalDouble.of(3),
                OptionalDouble.of(1e-3),
                ratio);
    }

    private static TensorMovement tensor(String name, long moved) {
        return new TensorMovement(
                name,
                TensorShape.of(4, 5),
                List.of(moved, 0L),
                20 - moved,
                0,
                0.1 / 3,
                0.05,
                OptionalDouble.of(2.0 / 3),
                0.25,
                OptionalDouble.empty(),
                OptionalLong.of(1),
                OptionalLong.of(2));
    }

    private static TimelinePoint point(double epoch, long step, long moved, TrainingWarning... warnings) {
        TensorMovement bias = new TensorMovement(
                "b",
                TensorShape.of(4),
                List.of(4L, 4L),
                0,
                1,
                Double.POSITIVE_INFINITY,
                0,
                OptionalDouble.empty(),
                1,
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());
        return new TimelinePoint(
                epoch,
                step,
                0.001,
                tensor("", moved),
                List.of(tensor("w\n\"1\"", moved), bias),
                List.of(warnings),
                step == 0 ? Activity.NONE : ACTIVITY);
    }

    private static final Timeline TIMELINE = new Timeline(
            HEADER,
            List.of(
                    point(0, 0, 0),
                    point(0.5, 5, 10, new TrainingWarning(TrainingWarning.Kind.NOT_FINITE, "b", "1 of 4")),
                    point(1, 10, 15)));

    private Path write(String name, Timeline timeline) throws IOException {
        Path file = folder.resolve(name);
        try (TimelineWriter writer = TimelineWriter.open(file)) {
            writer.begin(timeline.header());
            for (TimelinePoint point : timeline.points()) {
                writer.point(point);
            }
        }
        return file;
    }

    @Test
    void aFileGivesBackWhatWasWritten() throws IOException {
        Path file = write(Timeline.FILE, TIMELINE);
        assertEquals(TIMELINE, Timeline.read(file));
        assertEquals(Optional.of(TIMELINE), Timeline.beside(folder.resolve("model.safetensors")));
        assertEquals(
                Optional.empty(), Timeline.beside(folder.resolve("elsewhere").resolve("model.onnx")));
        assertEquals(4, Files.readAllLines(file).size());
    }

    @Test
    void aSeriesIsOneTensorThroughTheTraining() {
        List<TimelineSeries> series = TIMELINE.series();
        assertEquals(
                List.of("w\n\"1\"", "b"),
                series.stream().map(TimelineSeries::tensor).toList());
        assertEquals(
                new TimelineSeries.Moment(
                        0.5,
                        5,
                        50,
                        0.1 / 3,
                        OptionalDouble.of(2.0 / 3),
                        OptionalDouble.of(0.75),
                        OptionalDouble.of(1.0 / 3),
                        OptionalDouble.of(0.25)),
                series.get(0).moments().get(1));
        assertEquals(3, series.get(1).moments().size());
        assertEquals("b is not finite: 1 of 4", TIMELINE.warnings().get(0).text());
    }

    /** A process that is killed leaves any beginning of the file: whole points are read, a half one is not. */
    @Test
    void everyBeginningOfAFileIsReadUpToItsLastWholeLine() throws IOException {
        byte[] bytes = Files.readAllBytes(write("whole.jsonl", TIMELINE));
        Path cut = folder.resolve("cut.jsonl");
        for (int length = 0; length < bytes.length; length++) {
            byte[] beginning = Arrays.copyOf(bytes, length);
            Files.write(cut, beginning);
            int lines = (int) new String(beginning, StandardCharsets.UTF_8)
                    .chars()
                    .filter(c -> c == '\n')
                    .count();
            if (lines == 0) {
                assertThrows(MalformedFileException.class, () -> Timeline.read(cut));
            } else {
                assertEquals(
                        TIMELINE.points().subList(0, lines - 1),
                        Timeline.read(cut).points());
            }
        }
    }

    @Test
    void pointsAreInTheFileAsSoonAsTheyAreHandedOver() throws IOException {
        Path file = folder.resolve("growing.jsonl");
        try (TimelineWriter writer = TimelineWriter.open(file)) {
            writer.begin(HEADER);
            assertEquals(0, Timeline.read(file).points().size());
            writer.point(TIMELINE.points().get(0));
            assertEquals(1, Timeline.read(file).points().size());
        }
        TimelineWriter.open(file).close();
        assertEquals(0, Files.size(file), "a new training begins anew");
        TimelineWriter.open(file).close();
        Files.writeString(file, "somebody's notes");
        assertThrows(FileAlreadyExistsException.class, () -> TimelineWriter.open(file));
        assertEquals("somebody's notes", Files.readString(file));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "detinit-timeline/2 | detinit-timeline/3 | line 1, format",
                "\"steps\":8,\"notFinite\":0 | \"steps\":0,\"notFinite\":0 | at least 1 must be sampled",
                "\"steps\":8,\"notFinite\":0 | \"steps\":8,\"notFinite\":9 | 9 of 8 sampled steps",
                "\"norm\":0.5 | \"norm\":-0.5 | norm: found -0.5",
                "\"meanNorm\":0.75 | \"meanNorm\":\"x\" | a finite number",
                "\"tensor\":\"b\",\"steps\" | \"tensor\":\"w\\n\\\"1\\\"\",\"steps\" | gradients: found 'w",
                "\"units\":4,\"neverFire\":1 | \"units\":4,\"neverFire\":5 | 5 of 4 units",
                "\"samples\":1000 | \"samples\":1e3 | samples: found",
                "\"unit\":\"step\" | \"unit\":\"year\" | unknown unit 'year'",
                "\"every\":5 | \"every\":0 | at least 1",
                "\"every\":5 | \"every\":5000000000 | header",
                "\"kind\":\"abs\" | \"kind\":\"relative\" | unknown threshold kind",
                "\"step\":5, | \"step\":50, | line 4, step: found 10",
                "\"step\":5, | \"step\":-5, | a whole number",
                "\"step\":5, | \"step\":5.5, | a whole number",
                "\"epoch\":0.5 | \"epoch\":\"x\" | a finite number",
                "\"epoch\":0.5 | \"epoch\":1e999 | a finite number",
                "\"shape\":[4,5],\"moved\":[10,0] | \"shape\":[4,5],\"moved\":[21,0] | moved: found 21",
                "\"shape\":[4,5],\"moved\":[10,0] | \"shape\":[4,5],\"moved\":[10] | 1 counts",
                "\"shape\":[4,5],\"moved\":[10,0] | \"shape\":[4,-5],\"moved\":[10,0] | shape",
                "\"shape\":[4,5],\"moved\":[10,0] | \"shape\":[9e18,9e18],\"moved\":[10,0] | shape",
                "\"name\":\"b\" | \"name\":\"w\\n\\\"1\\\"\" | twice",
                "\"kind\":\"not-finite\" | \"kind\":\"tired\" | the name of a warning",
                "\"warnings\":[] | \"warnings\":[}] | one JSON object"
            })
    void eachWayToBeWrongIsNamed(String from, String to, String expected) throws IOException {
        String text = Files.readString(write("right.jsonl", TIMELINE));
        assertTrue(text.contains(from), from);
        Path wrong = folder.resolve("wrong.jsonl");
        Files.writeString(wrong, text.replace(from, to));
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> Timeline.read(wrong));
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    /** What the first format wrote: no gradients, no units. */
    @Test
    void aFileOfTheFirstFormatIsRead() throws IOException {
        Path file = folder.resolve("first.jsonl");
        String old = """
                {"format":"detinit-timeline/1","baseline":"seed","seed":-7,"thresholds":[{"kind":"abs","value":1.0E-5}],"unit":"epoch","every":1}
                {"epoch":0.0,"step":0,"seconds":0.01,"total":{"name":"","shape":[3],"moved":[0],"movedPercent":0.0,"bitIdentical":3,"notFinite":0,"rmsDelta":0.0,"relativeRms":0.0,"maxAbsDelta":0.0,"correlation":1.0},"tensors":[{"name":"fc1.weight","shape":[1,3],"moved":[0],"movedPercent":0.0,"bitIdentical":3,"notFinite":0,"rmsDelta":0.0,"initStd":0.05,"relativeRms":0.0,"maxAbsDelta":0.0,"correlation":1.0,"deadUnits":1,"deadInputs":3}],"warnings":[{"kind":"sleeps","tensor":"fc1.weight","reason":"r"}]}
                """;
        Files.writeString(file, old);
        Timeline read = Timeline.read(file);
        assertEquals(Activity.NONE, read.points().get(0).activity());
        assertEquals(3, read.points().get(0).tensors().get(0).bitIdentical());
        assertEquals(
                OptionalDouble.empty(), read.series().get(0).moments().get(0).gradientNorm());
        assertEquals("fc1.weight sleeps: r", read.warnings().get(0).text());
        TimelineWriter.open(file).close();
        assertEquals(0, Files.size(file), "a new training replaces it");
    }

    @Test
    void schedulesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> AuditSchedule.epochs(0, Threshold.DEFAULT));
        assertThrows(IllegalArgumentException.class, () -> AuditSchedule.steps(1));
    }
}
