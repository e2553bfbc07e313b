package io.detinit.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.Threshold;
import java.util.OptionalDouble;

/** Writes the lines of a timeline. */
final class TimelineJson {

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

    static void schedule(ObjectNode node, AuditSchedule schedule) {
        ArrayNode thresholds = node.putArray("thresholds");
        for (Threshold threshold : schedule.thresholds()) {
            thresholds.addObject().put("kind", threshold.kind().id()).put("value", threshold.value());
        }
        node.put("unit", schedule.unit().id());
        node.put("every", schedule.every());
    }

    static String point(TimelinePoint point) {
        ObjectNode node = JSON.createObjectNode();
        node.put("epoch", point.epoch());
        node.put("step", point.step());
        node.put("seconds", point.seconds());
        tensor(node.putObject("total"), point.total());
        ArrayNode tensors = node.putArray("tensors");
        point.tensors().forEach(tensor -> tensor(tensors.addObject(), tensor));
        warnings(node.putArray("warnings"), point);
        return line(node);
    }

    static void warnings(ArrayNode array, TimelinePoint point) {
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
