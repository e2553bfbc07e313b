package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.regenerate.RegenerateReport;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How a model came to compute its initial weights, as JSON and for people. */
final class RegenerateTexts {

    private static final long MEBI = 1 << 20;

    private RegenerateTexts() {}

    static void put(ObjectNode object, RegenerateReport report) {
        ObjectNode regenerate = object.putObject("regenerate");
        regenerate.put("opset", report.opset());
        if (report.opsetRaised() > 0) {
            regenerate.put("opsetBefore", report.opsetRaised());
        }
        regenerate.put("weights", report.regenerated());
        regenerate.put("roundedOtherwise", report.rounded());
        regenerate.put("loadingBytes", report.loadingBytes());
        ArrayNode tensors = regenerate.putArray("tensors");
        for (RegenerateReport.Entry entry : report.entries()) {
            ObjectNode tensor = tensors.addObject()
                    .put("name", entry.name())
                    .put("elements", entry.elements())
                    .put("stored", entry.stored())
                    .put("bytes", entry.bytes());
            if (entry.regenerated()) {
                tensor.put("roundedOtherwise", entry.rounded()).put("positions", entry.coding());
            } else {
                tensor.put("dense", entry.reason());
            }
        }
    }

    static void print(PrintWriter out, RegenerateReport report) {
        TextTable table = new TextTable("stored", "elements", "stored", "positions", "bytes");
        for (RegenerateReport.Entry entry : report.entries()) {
            table.row(
                    entry.name(),
                    Text.count(entry.elements()),
                    Text.count(entry.stored()),
                    entry.regenerated() ? entry.coding() : "dense",
                    Text.count(entry.bytes()));
        }
        table.print(out);
        Map<String, List<String>> reasons = new LinkedHashMap<>();
        for (RegenerateReport.Entry entry : report.entries()) {
            if (!entry.regenerated()) {
                reasons.computeIfAbsent(entry.reason(), reason -> new ArrayList<>())
                        .add(entry.name());
            }
        }
        reasons.forEach((reason, names) -> out.println("left dense: "
                + (names.size() == report.entries().size() && names.size() > 1 ? "all" : String.join(", ", names))
                + ": "
                + reason));
        if (report.regenerated() > 0) {
            out.println("equal to the dense model bit for bit in this ONNX Runtime, with and without optimisation; "
                    + Text.count(report.rounded()) + " initial weights that it rounds otherwise are stored");
            out.println("a session computes " + Text.count(report.regenerated()) + " weights when it is made, in about "
                    + Text.count((report.loadingBytes() + MEBI - 1) / MEBI)
                    + " MiB; with optimisation disabled it computes them at every run");
        }
        if (report.opsetRaised() > 0) {
            out.println("operator set " + report.opsetRaised() + " raised to " + report.opset()
                    + ": every operator of the model means the same there");
        }
        out.println();
    }
}
