package io.detinit.training.timeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.Threshold;
import java.util.List;
import java.util.OptionalDouble;

/** Writes the lines of a timeline, and what a history has of it. Stateless; safe for use by many threads. */
public final class TimelineJson {

    private static final JsonMapper JSON = new JsonMapper();

    private TimelineJson() {}

    static String header(Timeline.Header header) {
        ObjectNode node = JSON.createObjectNode();
        node.put("format", Timeline.FORMAT);
        node.put("baseline", header.baseline());
        header.seed().ifPresent(seed -> node.put("seed", seed));
        schedule(node, header.schedule());
        return line(node);
    }

    /**
     * Adds thresholds and cadence.
     *
     * @param node gets {@code thresholds}, {@code unit} and {@code every}
     * @param schedule the schedule
     */
    public static void schedule(ObjectNode node, AuditSchedule schedule) {
        ArrayNode thresholds = node.putArray("thresholds");
        for (Threshold threshold : schedule.thresholds()) {
            thresholds.addObject().put("kind", threshold.kind().id()).put("value", threshold.value());
        }
        node.put("unit", schedule.unit().id());
        node.put("every", schedule.every());
    }

    /**
     * Thresholds and cadence.
     *
     * @param schedule the schedule
     * @return a new object
     */
    public static ObjectNode schedule(AuditSchedule schedule) {
        ObjectNode node = JSON.createObjectNode();
        schedule(node, schedule);
        return node;
    }

    static String point(TimelinePoint point) {
        ObjectNode node = JSON.createObjectNode();
        node.put("epoch", point.epoch());
        node.put("step", point.step());
        node.put("seconds", point.seconds());
        tensor(node.putObject("total"), point.total());
        ArrayNode tensors = node.putArray("tensors");
        point.tensors().forEach(tensor -> tensor(tensors.addObject(), tensor));
        activity(node, point.activity());
        warnings(node.putArray("warnings"), point);
        return line(node);
    }

    private static void activity(ObjectNode node, Activity activity) {
        activity.total().ifPresent(total -> gradient(node.putObject("gradient"), total));
        ArrayNode gradients = node.putArray("gradients");
        activity.gradients().forEach(gradient -> gradient(gradients.addObject(), gradient));
        ArrayNode units = node.putArray("units");
        for (UnitActivity layer : activity.units()) {
            units.addObject()
                    .put("layer", layer.layer())
                    .put("units", layer.units())
                    .put("neverFire", layer.neverFire())
                    .put("samples", layer.samples());
        }
    }

    private static void gradient(ObjectNode node, TensorGradient gradient) {
        node.put("tensor", gradient.tensor());
        node.put("steps", gradient.steps());
        node.put("notFinite", gradient.notFinite());
        put(node, "norm", gradient.norm());
        put(node, "meanNorm", gradient.meanNorm());
        put(node, "weightNorm", gradient.weightNorm());
        put(node, "updateRatio", gradient.updateRatio());
        put(node, "meanUpdateRatio", gradient.meanUpdateRatio());
    }

    /**
     * Adds what a history has of an epoch: the figures of its last point, in all and by layer, and every warning that came up in it.
     *
     * @param line gets {@code movedPercent}, {@code gradientNorm}, {@code updateRatio}, {@code neverFire} and {@code layers} where the
     *     epoch has a point, and {@code warnings} where it has one
     * @param timeline the timeline
     * @param epoch the epoch, from 1; what was found before the first step counts to it
     */
    public static void epoch(ObjectNode line, Timeline timeline, int epoch) {
        List<TimelinePoint> points = timeline.points().stream()
                .filter(point -> Math.max(1, Math.ceil(point.epoch())) == epoch)
                .toList();
        points.stream()
                .filter(point -> point.step() > 0)
                .reduce((first, second) -> second)
                .ifPresent(last -> figures(line, last));
        ArrayNode warnings = JSON.createArrayNode();
        points.forEach(point -> warnings(warnings, point));
        if (!warnings.isEmpty()) {
            line.set("warnings", warnings);
        }
    }

    /**
     * Adds the main figures of a point, in all and by layer. What was not measured is left out.
     *
     * @param node gets {@code movedPercent}, {@code gradientNorm} and {@code updateRatio} (means over the sampled steps), {@code
     *     neverFire} (the part of the units, in [0, 1]), and {@code layers}, the same for each parameter
     * @param point the point
     */
    public static void figures(ObjectNode node, TimelinePoint point) {
        put(node, "movedPercent", point.total().movedPercent());
        point.activity().total().ifPresent(total -> {
            put(node, "gradientNorm", total.meanNorm());
            put(node, "updateRatio", total.meanUpdateRatio());
        });
        put(node, "neverFire", point.activity().neverFire());
        ArrayNode layers = node.putArray("layers");
        for (TensorMovement tensor : point.tensors()) {
            TimelineSeries.Moment moment = TimelineSeries.Moment.of(point, tensor);
            ObjectNode layer = layers.addObject().put("tensor", tensor.name());
            put(layer, "movedPercent", moment.movedPercent());
            put(layer, "gradientNorm", moment.gradientNorm());
            put(layer, "updateRatio", moment.updateRatio());
            put(layer, "neverFire", moment.neverFire());
        }
    }

    private static void warnings(ArrayNode array, TimelinePoint point) {
        for (TrainingWarning warning : point.warnings()) {
            array.addObject()
                    .put("kind", warning.kind().id())
                    .put("tensor", warning.tensor())
                    .put("reason", warning.reason());
        }
    }

    private static void tensor(ObjectNode node, TensorMovement tensor) {
        node.put("name", tensor.name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : tensor.shape().dims()) {
            shape.add(dim);
        }
        ArrayNode moved = node.putArray("moved");
        tensor.movedAt().forEach(moved::add);
        node.put("movedPercent", tensor.movedPercent());
        node.put("bitIdentical", tensor.bitIdentical());
        node.put("notFinite", tensor.notFinite());
        put(node, "rmsDelta", tensor.rmsDelta());
        put(node, "initStd", tensor.initStd());
        put(node, "relativeRms", tensor.relativeRms());
        put(node, "maxAbsDelta", tensor.maxAbsDelta());
        put(node, "correlation", tensor.correlation());
        tensor.deadUnits().ifPresent(count -> node.put("deadUnits", count));
        tensor.deadInputs().ifPresent(count -> node.put("deadInputs", count));
    }

    private static void put(ObjectNode node, String field, OptionalDouble value) {
        value.ifPresent(number -> put(node, field, number));
    }

    /** JSON has no NaN and no infinity: they are left out. */
    private static void put(ObjectNode node, String field, double value) {
        if (Double.isFinite(value)) {
            node.put(field, value);
        }
    }

    private static String line(ObjectNode node) {
        try {
            return JSON.writeValueAsString(node) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
