package io.detinit.training.timeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/** Reads a timeline; fields it does not know are passed over. */
final class TimelineReader {

    /** The most bytes of a file. */
    static final int MAX_BYTES = 1 << 27;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path file;
    private int line;

    private TimelineReader(Path file) {
        this.file = file;
    }

    static Timeline read(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        }
        TimelineReader reader = new TimelineReader(file);
        if (bytes.length > MAX_BYTES) {
            throw reader.malformed("size", "more than " + MAX_BYTES + " bytes", "at most that many");
        }
        return reader.timeline(bytes);
    }

    private Timeline timeline(byte[] bytes) throws IOException {
        Timeline.Header header = null;
        List<TimelinePoint> points = new ArrayList<>();
        int from = 0;
        for (int at = 0; at < bytes.length; at++) {
            if (bytes[at] != '\n') {
                continue;
            }
            line++;
            JsonNode node = parse(new String(bytes, from, at - from, StandardCharsets.UTF_8));
            from = at + 1;
            if (header == null) {
                header = header(node);
                continue;
            }
            TimelinePoint point = point(node, header.thresholds().size());
            if (!points.isEmpty() && points.get(points.size() - 1).step() >= point.step()) {
                throw malformed("step", String.valueOf(point.step()), "more than at the point before");
            }
            points.add(point);
        }
        if (header == null) {
            throw malformed("start", "no complete line", "a line with \"format\":\"" + Timeline.FORMAT + "\"");
        }
        return new Timeline(header, points);
    }

    private JsonNode parse(String text) throws IOException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw malformed("content", e.getOriginalMessage(), "one JSON object");
        }
    }

    private Timeline.Header header(JsonNode node) throws IOException {
        String format = node.path("format").asText();
        if (!format.equals(Timeline.FORMAT) && !format.equals(Timeline.FORMAT_1)) {
            throw malformed("format", "'" + format + "'", Timeline.FORMAT + " or " + Timeline.FORMAT_1);
        }
        List<Threshold> thresholds = new ArrayList<>();
        try {
            for (JsonNode threshold : node.path("thresholds")) {
                thresholds.add(
                        new Threshold(number(threshold, "value"), Threshold.Kind.parse(text(threshold, "kind"))));
            }
            String unit = text(node, "unit");
            AuditSchedule.Unit known = java.util.Arrays.stream(AuditSchedule.Unit.values())
                    .filter(one -> one.id().equals(unit))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("unknown unit '" + unit + "'; known: epoch, step"));
            AuditSchedule schedule = new AuditSchedule(thresholds, known, Math.toIntExact(count(node, "every")));
            OptionalLong seed = node.has("seed") ? OptionalLong.of(whole(node, "seed")) : OptionalLong.empty();
            return new Timeline.Header(text(node, "baseline"), seed, schedule);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw malformed("header", String.valueOf(e.getMessage()), "a timeline's header");
        }
    }

    private TimelinePoint point(JsonNode node, int thresholds) throws IOException {
        List<TensorMovement> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (JsonNode entry : node.path("tensors")) {
            TensorMovement tensor = tensor(entry, thresholds);
            if (!names.add(tensor.name())) {
                throw malformed("tensors", "'" + tensor.name() + "' twice", "every name once");
            }
            tensors.add(tensor);
        }
        List<TrainingWarning> warnings = new ArrayList<>();
        for (JsonNode entry : node.path("warnings")) {
            warnings.add(warning(entry));
        }
        return new TimelinePoint(
                number(node, "epoch"),
                count(node, "step"),
                number(node, "seconds"),
                tensor(node.path("total"), thresholds),
                tensors,
                warnings,
                activity(node));
    }

    /** A point of the first format has none. */
    private Activity activity(JsonNode node) throws IOException {
        List<TensorGradient> gradients = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (JsonNode entry : node.path("gradients")) {
            TensorGradient gradient = gradient(entry);
            if (!names.add(gradient.tensor())) {
                throw malformed("gradients", "'" + gradient.tensor() + "' twice", "every name once");
            }
            gradients.add(gradient);
        }
        List<UnitActivity> units = new ArrayList<>();
        for (JsonNode entry : node.path("units")) {
            units.add(units(entry));
        }
        Optional<TensorGradient> total =
                node.has("gradient") ? Optional.of(gradient(node.path("gradient"))) : Optional.empty();
        return new Activity(gradients, total, units);
    }

    private TensorGradient gradient(JsonNode entry) throws IOException {
        int steps = Math.toIntExact(within(entry.path("steps"), "steps", Integer.MAX_VALUE));
        int notFinite = Math.toIntExact(within(entry.path("notFinite"), "notFinite", Integer.MAX_VALUE));
        try {
            return new TensorGradient(
                    text(entry, "tensor"),
                    steps,
                    notFinite,
                    norm(entry, "norm"),
                    norm(entry, "meanNorm"),
                    norm(entry, "weightNorm"),
                    norm(entry, "updateRatio"),
                    norm(entry, "meanUpdateRatio"));
        } catch (IllegalArgumentException e) {
            throw malformed("gradients", String.valueOf(e.getMessage()), "the figures of a gradient");
        }
    }

    private OptionalDouble norm(JsonNode entry, String field) throws IOException {
        OptionalDouble value = optional(entry, field);
        if (value.orElse(0) < 0) {
            throw malformed(field, String.valueOf(value.getAsDouble()), "0 or more");
        }
        return value;
    }

    private UnitActivity units(JsonNode entry) throws IOException {
        try {
            return new UnitActivity(
                    text(entry, "layer"), count(entry, "units"), count(entry, "neverFire"), count(entry, "samples"));
        } catch (IllegalArgumentException e) {
            throw malformed("units", String.valueOf(e.getMessage()), "the figures of a layer's units");
        }
    }

    private TrainingWarning warning(JsonNode entry) throws IOException {
        String kind = text(entry, "kind");
        try {
            return new TrainingWarning(TrainingWarning.Kind.parse(kind), text(entry, "tensor"), text(entry, "reason"));
        } catch (IllegalArgumentException e) {
            throw malformed("kind", "'" + kind + "'", "the name of a warning");
        }
    }

    private TensorMovement tensor(JsonNode entry, int thresholds) throws IOException {
        TensorShape shape = shape(entry);
        List<Long> moved = new ArrayList<>();
        for (JsonNode count : entry.path("moved")) {
            moved.add(within(count, "moved", shape.elements()));
        }
        if (moved.size() != thresholds) {
            throw malformed("moved", moved.size() + " counts", "one for each of " + thresholds + " thresholds");
        }
        return new TensorMovement(
                text(entry, "name"),
                shape,
                moved,
                within(entry.path("bitIdentical"), "bitIdentical", shape.elements()),
                within(entry.path("notFinite"), "notFinite", shape.elements()),
                optional(entry, "rmsDelta").orElse(Double.POSITIVE_INFINITY),
                optional(entry, "initStd").orElse(Double.NaN),
                optional(entry, "relativeRms"),
                optional(entry, "maxAbsDelta").orElse(Double.POSITIVE_INFINITY),
                optional(entry, "correlation"),
                lines(entry, "deadUnits", shape),
                lines(entry, "deadInputs", shape));
    }

    private TensorShape shape(JsonNode entry) throws IOException {
        JsonNode node = entry.path("shape");
        long[] dims = new long[node.size()];
        for (int k = 0; k < dims.length; k++) {
            dims[k] = within(node.path(k), "shape", Long.MAX_VALUE);
        }
        try {
            if (!node.isArray()) {
                throw new IllegalArgumentException("no array");
            }
            return TensorShape.of(dims);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw malformed("shape", String.valueOf(e.getMessage()), "a shape");
        }
    }

    private OptionalLong lines(JsonNode entry, String field, TensorShape shape) throws IOException {
        return entry.has(field)
                ? OptionalLong.of(within(entry.path(field), field, shape.elements()))
                : OptionalLong.empty();
    }

    private long count(JsonNode node, String field) throws IOException {
        return within(node.path(field), field, Long.MAX_VALUE);
    }

    private long within(JsonNode value, String field, long most) throws IOException {
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < 0 || value.asLong() > most) {
            throw malformed(field, found(value), "a whole number in [0, " + most + "]");
        }
        return value.asLong();
    }

    private long whole(JsonNode node, String field) throws IOException {
        JsonNode value = node.path(field);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw malformed(field, found(value), "a whole number of 64 bits");
        }
        return value.asLong();
    }

    private double number(JsonNode node, String field) throws IOException {
        return optional(node, field).orElseThrow(() -> malformed(field, "nothing", "a number"));
    }

    private OptionalDouble optional(JsonNode node, String field) throws IOException {
        JsonNode value = node.path(field);
        if (value.isMissingNode()) {
            return OptionalDouble.empty();
        }
        if (!value.isNumber() || !Double.isFinite(value.asDouble())) {
            throw malformed(field, found(value), "a finite number");
        }
        return OptionalDouble.of(value.asDouble());
    }

    private String text(JsonNode node, String field) throws IOException {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw malformed(field, found(value), "text");
        }
        return value.asText();
    }

    private static String found(JsonNode value) {
        return value.isMissingNode() ? "nothing" : value.toString();
    }

    private MalformedFileException malformed(String field, String found, String expected) {
        return MalformedFileException.of(file, "line " + Math.max(1, line) + ", " + field, found, expected);
    }
}
