package io.detinit.training.timeline;

import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far the parameters of one training were from their initial values, their gradients and updates, and units that never fire,
 * point by point.
 *
 * <p>As a file ({@value #FILE}) it is UTF-8 text, one JSON object a line: the first line says what holds for all points (format,
 * baseline, seed, thresholds, cadence), every other line is a point with all its parameters and the warnings that are new.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param header what holds for all points
 * @param points the points in ascending order of their steps
 */
public record Timeline(Header header, List<TimelinePoint> points) {

    /** The file's name in a run folder. */
    public static final String FILE = "timeline.jsonl";

    /** The format id. */
    public static final String FORMAT = "detinit-timeline/2";

    /** The format without gradients and units, which is still read. */
    public static final String FORMAT_1 = "detinit-timeline/1";

    /** Copies the list. */
    public Timeline {
        points = List.copyOf(points);
    }

    /**
     * What holds for all points.
     *
     * @param baseline where the initial values come from, such as {@code seed}
     * @param seed the seed, where there is one
     * @param schedule thresholds and cadence
     */
    public record Header(String baseline, OptionalLong seed, AuditSchedule schedule) {

        /** {@return the thresholds, at least one} */
        public List<Threshold> thresholds() {
            return schedule.thresholds();
        }
    }

    /**
     * Reads a file. A last line without its line feed is what a killed training left half written; it is not read.
     *
     * @param file the file
     * @return the timeline
     * @throws MalformedFileException if it breaks the format, or has more than {@value TimelineReader#MAX_BYTES} bytes
     * @throws IOException if reading fails
     */
    public static Timeline read(Path file) throws IOException {
        return TimelineReader.read(file);
    }

    /**
     * Reads the timeline of a run folder.
     *
     * @param modelFile a file of the folder, such as its {@code model.safetensors}
     * @return the timeline; empty where the folder has none
     * @throws MalformedFileException if there is one that breaks the format
     * @throws IOException if reading fails
     */
    public static Optional<Timeline> beside(Path modelFile) throws IOException {
        Path file = modelFile.resolveSibling(FILE);
        return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /** {@return every parameter through the training, in state-dict order} */
    public List<TimelineSeries> series() {
        Map<String, List<TimelineSeries.Moment>> moments = new LinkedHashMap<>();
        for (TimelinePoint point : points) {
            for (TensorMovement tensor : point.tensors()) {
                moments.computeIfAbsent(tensor.name(), name -> new ArrayList<>())
                        .add(TimelineSeries.Moment.of(point, tensor));
            }
        }
        return moments.entrySet().stream()
                .map(entry -> new TimelineSeries(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** {@return all warnings, in the order in which they came up} */
    public List<TrainingWarning> warnings() {
        return points.stream().flatMap(point -> point.warnings().stream()).toList();
    }
}
