package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaRecord;
import io.detinit.interop.delta.DeltaReport;
import io.detinit.interop.delta.DeltaTensor;
import io.detinit.interop.delta.DeltaUnpacker;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

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
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("input", input.toString()).put("output", output.toString());
        record(object, report.delta());
        ObjectNode bytes = object.putObject("bytes");
        bytes.put("before", before).put("after", report.bytes());
        bytes.put("masks", report.maskBytes()).put("values", report.valueBytes());
        bytes.put("whole", report.wholeBytes()).put("skeleton", report.skeletonBytes());
        object.put("ratio", (double) before / report.bytes());
        report.notes().forEach(object.putArray("notes")::add);
        return object;
    }

    private static void record(ObjectNode object, DeltaRecord delta) {
        object.put("format", delta.format()).put("exact", delta.exact());
        object.put("valueType", delta.values().id());
        object.put("elements", delta.masked()).put("kept", delta.kept());
        ArrayNode tensors = object.putArray("tensors");
        for (DeltaTensor tensor : delta.tensors()) {
            ObjectNode node = tensors.addObject().put("name", tensor.info().name());
            Arrays.stream(tensor.info().shape().dims()).forEach(node.putArray("shape")::add);
            node.put("dtype", tensor.info().dtype().name());
            node.put("form", tensor.form().id());
            node.put("elements", tensor.info().shape().elements()).put("kept", kept(tensor));
            node.put("values", tensor.values().name());
        }
    }

    private static long kept(DeltaTensor tensor) {
        return tensor.form() == DeltaTensor.Form.WHOLE ? tensor.info().shape().elements() : tensor.kept();
    }

    void print(PrintWriter out) {
        TextTable table = new TextTable("tensor", "held as", "elements", "kept", "values");
        for (DeltaTensor tensor : report.delta().tensors()) {
            table.row(
                    tensor.info().name(),
                    tensor.form().id(),
                    Text.count(tensor.info().shape().elements()),
                    Text.count(kept(tensor)),
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
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("input", delta.path().toString()).put("output", output.toString());
        object.put("format", unpacked.format());
        object.put("container", unpacked.container().name().toLowerCase(Locale.ROOT));
        object.put("exact", delta.delta().exact());
        object.put("tensors", delta.tensors().size());
        object.put("elements", delta.delta().masked()).put("kept", delta.delta().kept());
        object.putObject("bytes").put("before", Files.size(delta.path())).put("after", Files.size(output));
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
                + Text.count(Files.size(output)) + " bytes");
        out.println(exactness(delta.delta()));
        if (sidecar.needed()) {
            out.println("wrote " + sidecar.path() + ", since the format has no place for the plan");
        }
    }
}
