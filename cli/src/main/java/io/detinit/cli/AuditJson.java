package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.TensorAudit;

/** The contract's JSON form of an audit. */
final class AuditJson {

    private AuditJson() {}

    static ObjectNode of(String file, String format, long seed, AuditReport report) {
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("file", file);
        object.put("format", format);
        object.putObject("baseline").put("kind", "seed").put("seed", seed);
        object.putObject("threshold")
                .put("kind", "abs")
                .put("value", report.thresholds().get(0).value());
        ArrayNode tensors = object.putArray("tensors");
        report.tensors().forEach(tensor -> add(tensors.addObject(), tensor));
        ArrayNode thresholds = object.putArray("thresholds");
        for (int t = 0; t < report.thresholds().size(); t++) {
            thresholds
                    .addObject()
                    .put("kind", "abs")
                    .put("value", report.thresholds().get(t).value())
                    .put("moved", report.movedAt(t));
        }
        object.putObject("total")
                .put("elements", report.elements())
                .put("moved", report.moved())
                .put("movedPercent", report.movedPercent())
                .put("sleepingPercent", report.sleepingPercent());
        ObjectNode provenance = object.putObject("provenance");
        BaseCommand.put(provenance, "correlation", report.provenance().correlation());
        BaseCommand.put(provenance, "pValue", report.provenance().pValue());
        provenance.put("verdict", report.provenance().verdict().id());
        return object;
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
        node.put("moved", tensor.moved());
        node.put("movedPercent", tensor.movedPercent());
        ArrayNode movedAt = node.putArray("movedAt");
        tensor.movedAt().forEach(movedAt::add);
        node.put("bitIdentical", tensor.bitIdentical());
        node.put("notFinite", tensor.notFinite());
        node.put("meanAbsDelta", tensor.meanAbsDelta());
        node.put("rmsDelta", tensor.rmsDelta());
        node.put("maxAbsDelta", tensor.maxAbsDelta());
        tensor.correlation().ifPresentOrElse(r -> node.put("correlation", r), () -> node.putNull("correlation"));
        node.put("signFlips", tensor.signFlips());
        tensor.deadInputs().ifPresentOrElse(n -> node.put("deadInputs", n), () -> node.putNull("deadInputs"));
        tensor.deadUnits().ifPresentOrElse(n -> node.put("deadUnits", n), () -> node.putNull("deadUnits"));
    }
}
