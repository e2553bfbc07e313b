package io.detinit.interop.delta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The JSON forms of packing and unpacking, the same from the command and from Apache Spark. Stateless; safe for use by many threads. */
public final class DeltaReportJson {

    private static final List<String> SIZES = List.of("before", "after", "masks", "values", "whole", "skeleton");

    private DeltaReportJson() {}

    /**
     * What was packed.
     *
     * @param input the file that was packed, as the user named it
     * @param before its size in bytes
     * @param output the delta file, as the user named it
     * @param report what it holds
     * @return one object
     */
    public static ObjectNode packed(String input, long before, String output, DeltaReport report) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("input", input).put("output", output);
        record(object, report.delta());
        ObjectNode bytes = object.putObject("bytes");
        bytes.put("before", before).put("after", report.bytes());
        bytes.put("masks", report.maskBytes()).put("values", report.valueBytes());
        bytes.put("whole", report.wholeBytes()).put("skeleton", report.skeletonBytes());
        object.put("ratio", (double) before / report.bytes());
        report.notes().forEach(object.putArray("notes")::add);
        return object;
    }

    /**
     * What was packed in several files.
     *
     * @param input what was packed, as the user named it
     * @param output what was written, as the user named it
     * @param format the format of what was packed
     * @param files what was packed in each file, at least one; as {@link #packed} gives it
     * @return one object of the same form, with sums
     */
    public static ObjectNode sum(String input, String output, String format, List<? extends JsonNode> files) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("input", input).put("output", output).put("format", format);
        object.put("exact", files.stream().allMatch(file -> file.path("exact").asBoolean()));
        object.set("valueType", files.get(0).path("valueType"));
        object.put("elements", sum(files, "elements")).put("kept", sum(files, "kept"));
        append(object.putArray("tensors"), files, "tensors");
        ObjectNode bytes = object.putObject("bytes");
        List<JsonNode> sizes = files.stream().map(file -> file.path("bytes")).toList();
        SIZES.forEach(size -> bytes.put(size, sum(sizes, size)));
        object.put(
                "ratio", bytes.path("before").asDouble() / bytes.path("after").asDouble());
        append(object.putArray("notes"), files, "notes");
        return object;
    }

    private static long sum(List<? extends JsonNode> files, String field) {
        return files.stream().mapToLong(file -> file.path(field).asLong()).sum();
    }

    private static void append(ArrayNode all, List<? extends JsonNode> files, String field) {
        files.forEach(file -> file.path(field).forEach(all::add));
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
            node.put("elements", tensor.info().shape().elements()).put("kept", tensor.stored());
            node.put("values", tensor.values().name());
        }
    }

    /**
     * What was unpacked.
     *
     * @param input the delta, as the user named it
     * @param before its size in bytes
     * @param output what was written, as the user named it
     * @param after its size in bytes
     * @param unpacked the format and what it was written into
     * @param contents what each delta file says of itself
     * @return one object
     */
    public static ObjectNode unpacked(
            String input,
            long before,
            String output,
            long after,
            DeltaUnpacker.Unpacked unpacked,
            List<Contents> contents) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("input", input).put("output", output);
        object.put("format", unpacked.format());
        object.put("container", unpacked.container().name().toLowerCase(Locale.ROOT));
        object.put("exact", contents.stream().allMatch(Contents::exact));
        object.put("tensors", contents.stream().mapToLong(Contents::tensors).sum());
        object.put("elements", contents.stream().mapToLong(Contents::elements).sum());
        object.put("kept", contents.stream().mapToLong(Contents::kept).sum());
        object.putObject("bytes").put("before", before).put("after", after);
        return object;
    }

    /**
     * A delta file in four figures.
     *
     * @param exact whether every element comes back with the bits that it had
     * @param tensors how many tensors the model has
     * @param elements how many weights have a mask, or are initial values
     * @param kept how many weights the masks keep
     */
    public record Contents(boolean exact, long tensors, long elements, long kept) implements java.io.Serializable {

        /**
         * Those of a file.
         *
         * @param delta the open delta file
         * @return the figures
         */
        public static Contents of(DeltaFile delta) {
            return new Contents(
                    delta.delta().exact(),
                    delta.tensors().size(),
                    delta.delta().masked(),
                    delta.delta().kept());
        }
    }
}
