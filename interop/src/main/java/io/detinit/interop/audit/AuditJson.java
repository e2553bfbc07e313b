package io.detinit.interop.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.noise.NoiseJson;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The JSON form of an audit: what {@code detinit audit --json} prints, wherever the audit ran.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class AuditJson {

    /** How many of the units that moved most are listed. */
    private static final int MOST_MOVED = 10;

    private AuditJson() {}

    /**
     * Writes an audit.
     *
     * @param file the file as the user named it
     * @param format its format
     * @param kind where the initial values came from
     * @param seed the seed, where there is one
     * @param report what was found
     * @return the object
     */
    public static ObjectNode of(String file, String format, Baseline.Kind kind, OptionalLong seed, AuditReport report) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("file", file);
        object.put("format", format);
        ObjectNode baseline = object.putObject("baseline").put("kind", kind.id());
        seed.ifPresentOrElse(s -> baseline.put("seed", s), () -> baseline.putNull("seed"));
        putThreshold(object.putObject("threshold"), report.thresholds().get(0));
        ArrayNode tensors = object.putArray("tensors");
        report.tensors().forEach(tensor -> add(tensors.addObject(), tensor));
        ArrayNode thresholds = object.putArray("thresholds");
        for (int t = 0; t < report.thresholds().size(); t++) {
            ObjectNode threshold = thresholds.addObject();
            putThreshold(threshold, report.thresholds().get(t));
            threshold.put("moved", report.movedAt(t));
            threshold.put("movedPercent", report.total().percent(report.movedAt(t)));
            put(threshold, "limit", report.total().limits().get(t));
        }
        object.set("total", total(report));
        object.set("provenance", provenance(report.provenance()));
        ObjectNode decay =
                object.putObject("decay").put("factor", report.options().decay());
        report.suspectedDecay()
                .ifPresentOrElse(
                        found -> decay.putObject("suspected")
                                .put("factor", found.factor())
                                .put("decay", found.decay())
                                .put("share", found.share()),
                        () -> decay.putNull("suspected"));
        if (report.options().noise() != null) {
            object.set("noise", NoiseJson.summary(report.options().noise()));
        }
        ArrayNode notes = object.putArray("notes");
        report.notes().forEach(notes::add);
        return object;
    }

    /**
     * The totals, whose names {@code --fail-if} takes.
     *
     * @param report what was found
     * @return the object {@code total}
     */
    public static ObjectNode total(AuditReport report) {
        ObjectNode total = JsonNodeFactory.instance.objectNode();
        total.put("elements", report.elements());
        total.put("moved", report.moved());
        total.put("movedPercent", report.movedPercent());
        total.put("sleepingPercent", report.sleepingPercent());
        putFigures(total, report.total());
        return total;
    }

    /** JSON has no NaN and no infinity: they become null. */
    private static void put(ObjectNode object, String field, double value) {
        if (Double.isFinite(value)) {
            object.put(field, value);
        } else {
            object.putNull(field);
        }
    }

    private static void putThreshold(ObjectNode node, Threshold threshold) {
        node.put("kind", threshold.kind().id()).put("value", threshold.value());
    }

    private static ObjectNode provenance(Provenance provenance) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        put(node, "correlation", provenance.correlation());
        put(node, "pValue", provenance.pValue());
        node.put("verdict", provenance.verdict().id());
        return node;
    }

    private static void add(ObjectNode node, TensorAudit tensor) {
        node.put("name", tensor.name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : tensor.shape().dims()) {
            shape.add(dim);
        }
        node.put("dtype", tensor.dtype().name());
        node.put("elements", tensor.elements());
        node.put("audited", tensor.audited());
        if (!tensor.audited()) {
            node.put("reason", tensor.reason());
            return;
        }
        if (tensor.stored() != StoredOrder.OUT_IN) {
            node.put("stored", tensor.stored().id());
        }
        if (!tensor.baselineName().equals(tensor.name())) {
            node.put("baselineName", tensor.baselineName());
        }
        Figures figures = tensor.figures();
        node.put("moved", figures.moved());
        node.put("movedPercent", figures.movedPercent());
        ArrayNode movedAt = node.putArray("movedAt");
        figures.movedAt().forEach(movedAt::add);
        ArrayNode limits = node.putArray("limits");
        figures.limits().forEach(limits::add);
        putFigures(node, figures);
        putIfThere(node, "deadInputs", tensor.deadInputs());
        putIfThere(node, "deadUnits", tensor.deadUnits());
        tensor.provenance().ifPresent(provenance -> node.set("provenance", provenance(provenance)));
        tensor.lines().ifPresent(lines -> node.set("rows", rows(lines)));
    }

    private static void putFigures(ObjectNode node, Figures figures) {
        node.put("bitIdentical", figures.bitIdentical());
        node.put("bitIdenticalPercent", figures.percent(figures.bitIdentical()));
        node.put("notFinite", figures.notFinite());
        node.put("meanAbsDelta", figures.meanAbsDelta());
        node.put("rmsDelta", figures.rmsDelta());
        node.put("maxAbsDelta", figures.maxAbsDelta());
        if (!Double.isNaN(figures.initStd())) {
            node.put("initStd", figures.initStd());
            node.put("spacing", figures.spacing());
        }
        putIfThere(node, "relativeRmsDelta", figures.relativeRmsDelta());
        putIfThere(node, "correlation", figures.correlation());
        putIfThere(node, "cosine", figures.cosine());
        node.put("signFlips", figures.signFlips());
        node.put("towardsZero", figures.towardsZero());
        node.put("awayFromZero", figures.awayFromZero());
        ObjectNode quantiles = node.putObject("quantiles");
        figures.quantiles().forEach(quantile -> quantiles.put(Double.toString(quantile.q()), quantile.value()));
        ObjectNode histogram = node.putObject("histogram");
        histogram.put("counted", figures.histogram().counted());
        histogram.put("zero", figures.histogram().zero());
        histogram.put("firstExponent", figures.histogram().firstExponent());
        ArrayNode counts = histogram.putArray("counts");
        figures.histogram().counts().forEach(counts::add);
    }

    private static ObjectNode rows(MovedLines lines) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        ArrayNode inputs = node.putArray("deadInputs");
        lines.unmovedCols().forEach(inputs::add);
        ArrayNode units = node.putArray("deadUnits");
        lines.unmovedRows().forEach(units::add);
        ArrayNode most = node.putArray("mostMoved");
        for (int row : lines.mostMovedRows(MOST_MOVED)) {
            most.addObject()
                    .put("unit", row)
                    .put("meanAbsDelta", lines.rowMeans().get(row));
        }
        return node;
    }

    private static void putIfThere(ObjectNode node, String field, OptionalDouble value) {
        value.ifPresentOrElse(v -> node.put(field, v), () -> node.putNull(field));
    }

    private static void putIfThere(ObjectNode node, String field, OptionalLong value) {
        value.ifPresentOrElse(v -> node.put(field, v), () -> node.putNull(field));
    }
}
