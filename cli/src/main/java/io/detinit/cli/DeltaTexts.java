package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaRecord;
import io.detinit.interop.delta.DeltaReport;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.delta.DeltaTensor;
import io.detinit.interop.delta.DeltaUnpacker;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Packed and unpacked deltas as tables and as JSON.
 *
 * @param report what was packed
 * @param input the file that was packed
 * @param before its size in bytes
 * @param output the delta file
 */
record DeltaTexts(DeltaReport report, Path input, long before, Path output) {

    ObjectNode json() {
        return DeltaReportJson.packed(input.toString(), before, output.toString(), report);
    }

    void print(PrintWriter out) {
        TextTable table = new TextTable("tensor", "held as", "elements", "kept", "values");
        for (DeltaTensor tensor : report.delta().tensors()) {
            table.row(
                    tensor.info().name(),
                    tensor.form().id(),
                    Text.count(tensor.info().shape().elements()),
                    Text.count(tensor.stored()),
                    tensor.values().name());
        }
        table.print(out);
        out.println();
        out.println("bytes " + Text.count(before) + " -> " + Text.count(report.bytes()) + ", "
                + Text.format("%.2f", (double) before / report.bytes()) + " times smaller (values "
                + Text.count(report.valueBytes()) + ", masks " + Text.count(report.maskBytes()) + ", whole tensors "
                + Text.count(report.wholeBytes()) + ", container " + Text.count(report.skeletonBytes()) + ")");
        out.println(exactness(report.delta()));
        out.println("wrote " + output);
    }

    private static String exactness(DeltaRecord delta) {
        return delta.exact()
                ? "unpacks to the last bit"
                : "unpacks with " + Text.count(delta.masked() - delta.kept()) + " of " + Text.count(delta.masked())
                        + " masked weights back at w0, kept values as "
                        + delta.values().id();
    }

    static ObjectNode json(DeltaFile delta, DeltaUnpacker.Unpacked unpacked, Path output, PlanSidecar sidecar)
            throws IOException {
        ObjectNode object = DeltaReportJson.unpacked(
                delta.path().toString(),
                Files.size(delta.path()),
                output.toString(),
                CheckpointBytes.of(output),
                unpacked,
                List.of(DeltaReportJson.Contents.of(delta)));
        if (sidecar.needed()) {
            object.put("planFile", sidecar.path().toString());
        }
        return object;
    }

    static void print(
            PrintWriter out, DeltaFile delta, DeltaUnpacker.Unpacked unpacked, Path output, PlanSidecar sidecar)
            throws IOException {
        out.println("wrote " + output + " (" + unpacked.format() + "): "
                + delta.tensors().size() + " tensors, " + Text.count(Files.size(delta.path())) + " -> "
                + Text.count(CheckpointBytes.of(output)) + " bytes");
        out.println(exactness(delta.delta()));
        if (sidecar.needed()) {
            out.println("wrote " + sidecar.path() + ", since the format has no place for the plan");
        }
    }
}
