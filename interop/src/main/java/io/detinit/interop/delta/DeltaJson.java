package io.detinit.interop.delta;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The record {@code detinit-delta/1} as JSON, and the metadata of a delta file around it: {@value #KEY} is the record,
 * {@value Checkpoint#PLAN_KEY} the plan, {@value #METADATA_KEY} the packed file's own metadata, in which
 * null stands for a plan that is the same text.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class DeltaJson {

    /** The metadata key of the record. */
    static final String KEY = "detinit.delta";

    /** The metadata key of the packed file's own metadata. */
    static final String METADATA_KEY = "detinit.delta.metadata";

    static final String FORMAT = "detinit-delta/1";

    private static final int MAX_CHARS = 1 << 25;
    private static final Set<String> FIELDS = Set.of(
            "format", "file", "source", "tool", "exact", "values", "select", "skeleton", "keepsMetadata", "tensors");

    private static final Set<String> TENSOR_FIELDS =
            Set.of("name", "dtype", "shape", "kind", "form", "kept", "values", "tied");

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxStringLength(MAX_CHARS)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private DeltaJson() {}

    static Map<String, String> write(DeltaRecord delta, String plan) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("format", FORMAT).put("file", delta.file()).put("source", delta.format());
        root.put("tool", delta.tool()).put("exact", delta.exact());
        root.put("values", delta.values().id());
        delta.selection().ifPresent(json -> root.set("select", tree(json)));
        delta.skeleton().ifPresent(skeleton -> root.put("skeleton", skeleton.bytes()));
        if (!delta.keepsMetadata()) {
            root.put("keepsMetadata", false);
        }
        ArrayNode tensors = root.putArray("tensors");
        delta.tensors().forEach(tensor -> write(tensor, tensors.addObject()));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(KEY, root.toString());
        metadata.put(Checkpoint.PLAN_KEY, plan);
        if (!delta.metadata().isEmpty()) {
            ObjectNode texts = MAPPER.createObjectNode();
            delta.metadata().forEach((key, text) -> {
                boolean same = key.equals(Checkpoint.PLAN_KEY) && text.equals(plan);
                texts.put(key, same ? null : text);
            });
            metadata.put(METADATA_KEY, texts.toString());
        }
        return metadata;
    }

    private static JsonNode tree(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the selection is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static void write(DeltaTensor tensor, ObjectNode node) {
        TensorInfo info = tensor.info();
        node.put("name", info.name()).put("dtype", info.dtype().name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : info.shape().dims()) {
            shape.add(dim);
        }
        if (info.kind() != TensorKinds.of(info.name(), info.dtype())) {
            node.put("kind", info.kind().name().toLowerCase(Locale.ROOT));
        }
        node.put("form", tensor.form().id());
        if (tensor.form() == DeltaTensor.Form.MASKED) {
            node.put("kept", tensor.kept());
            if (tensor.values() != info.dtype()) {
                node.put("values", tensor.values().name());
            }
        } else if (tensor.form() == DeltaTensor.Form.TIED) {
            node.put("tied", tensor.tied());
        }
    }

    /**
     * Reads the record.
     *
     * @param metadata the delta file's metadata
     * @param path the file, for messages
     * @return the record
     * @throws MalformedFileException if it is missing, or says what no delta file says
     */
    static DeltaRecord read(Map<String, String> metadata, Object path) throws MalformedFileException {
        String text = metadata.get(KEY);
        if (text == null) {
            throw MalformedFileException.of(
                    path, "__metadata__", "no " + KEY, "a delta file, as 'delta pack' writes it");
        }
        Node root = new Node(parse(text, path, KEY), path, "metadata " + KEY);
        if (!root.text("format").equals(FORMAT)) {
            throw MalformedFileException.unsupported(
                    path, root.where(), "the format '" + root.text("format") + "'", "this version reads " + FORMAT);
        }
        root.refuseUnknown(FIELDS);
        Optional<String> selection =
                root.has("select") ? Optional.of(root.json().path("select").toString()) : Optional.empty();
        Optional<DeltaRecord.SkeletonInfo> skeleton = root.has("skeleton")
                ? Optional.of(new DeltaRecord.SkeletonInfo(root.number("skeleton")))
                : Optional.empty();
        return new DeltaRecord(
                root.text("file"),
                root.text("source"),
                !root.has("keepsMetadata") || root.flag("keepsMetadata"),
                root.text("tool"),
                root.flag("exact"),
                root.word("values", ValueType.values(), ValueType::id),
                selection,
                skeleton,
                tensors(root),
                own(metadata, path));
    }

    private static JsonNode parse(String text, Object path, String key) throws MalformedFileException {
        try {
            JsonNode node = text.length() > MAX_CHARS ? MAPPER.missingNode() : MAPPER.readTree(text);
            if (node.isObject()) {
                return node;
            }
        } catch (JsonProcessingException e) {
            throw MalformedFileException.of(
                    path, "metadata " + key, "no JSON: " + e.getOriginalMessage(), "a JSON object");
        }
        throw MalformedFileException.of(
                path, "metadata " + key, "something else or too much", "a JSON object of at most " + MAX_CHARS);
    }

    private static Map<String, String> own(Map<String, String> metadata, Object path) throws MalformedFileException {
        Map<String, String> own = new LinkedHashMap<>();
        String text = metadata.get(METADATA_KEY);
        if (text == null) {
            return own;
        }
        for (Map.Entry<String, JsonNode> entry : parse(text, path, METADATA_KEY).properties()) {
            if (entry.getValue().isNull() && entry.getKey().equals(Checkpoint.PLAN_KEY)) {
                own.put(Checkpoint.PLAN_KEY, metadata.getOrDefault(Checkpoint.PLAN_KEY, ""));
                continue;
            }
            if (!entry.getValue().isTextual()) {
                throw MalformedFileException.of(
                        path,
                        "metadata " + METADATA_KEY + ": '" + entry.getKey() + "'",
                        entry.getValue().getNodeType().toString(),
                        "a string");
            }
            own.put(entry.getKey(), entry.getValue().textValue());
        }
        return own;
    }

    private static List<DeltaTensor> tensors(Node root) throws MalformedFileException {
        JsonNode array = root.json().path("tensors");
        if (!array.isArray()) {
            throw root.refused("tensors", "an array");
        }
        List<DeltaTensor> tensors = new ArrayList<>();
        for (JsonNode entry : array) {
            tensors.add(tensor(new Node(entry, root.path(), root.where() + ": tensor " + tensors.size())));
        }
        return tensors;
    }

    private static DeltaTensor tensor(Node node) throws MalformedFileException {
        node.refuseUnknown(TENSOR_FIELDS);
        String name = node.text("name");
        DType dtype = node.dtype("dtype");
        TensorInfo.Kind kind = node.has("kind")
                ? node.word("kind", TensorInfo.Kind.values(), k -> k.name().toLowerCase(Locale.ROOT))
                : TensorKinds.of(name, dtype);
        TensorInfo info = new TensorInfo(name, dtype, shape(node, dtype), kind);
        return switch (node.word("form", DeltaTensor.Form.values(), DeltaTensor.Form::id)) {
            case MASKED -> {
                long kept = node.number("kept");
                if (kept > info.shape().elements()) {
                    throw node.refused("kept", "at most " + info.shape().elements());
                }
                DType values = node.has("values") ? node.dtype("values") : dtype;
                if (!dtype.isFloating() || !values.isFloating()) {
                    throw node.refused("dtype", "a floating-point dtype");
                }
                yield DeltaTensor.masked(info, kept, values);
            }
            case INITIAL -> {
                if (!dtype.isFloating()) {
                    throw node.refused("dtype", "a floating-point dtype");
                }
                yield DeltaTensor.initial(info);
            }
            case WHOLE -> DeltaTensor.whole(info);
            case TIED -> DeltaTensor.tied(info, node.text("tied"));
        };
    }

    private static TensorShape shape(Node node, DType dtype) throws MalformedFileException {
        JsonNode array = node.json().path("shape");
        long[] dims = new long[array.size()];
        for (int axis = 0; axis < dims.length; axis++) {
            JsonNode dim = array.get(axis);
            if (!dim.isIntegralNumber() || !dim.canConvertToLong() || dim.longValue() < 0) {
                throw node.refused("shape", "sizes in [0, 2^63)");
            }
            dims[axis] = dim.longValue();
        }
        if (!array.isArray()) {
            throw node.refused("shape", "an array");
        }
        try {
            TensorShape shape = TensorShape.of(dims);
            dtype.bytesOf(shape.elements());
            return shape;
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw node.refused("shape", "fewer than 2^63 bytes");
        }
    }

    /** An object of the record, and where it stands. */
    private record Node(JsonNode json, Object path, String where) {

        boolean has(String field) {
            return json.has(field);
        }

        String text(String field) throws MalformedFileException {
            if (!json.path(field).isTextual()) {
                throw refused(field, "a string");
            }
            return json.path(field).textValue();
        }

        boolean flag(String field) throws MalformedFileException {
            if (!json.path(field).isBoolean()) {
                throw refused(field, "true or false");
            }
            return json.path(field).booleanValue();
        }

        long number(String field) throws MalformedFileException {
            JsonNode value = json.path(field);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw refused(field, "an integer in [0, 2^63)");
            }
            return value.longValue();
        }

        DType dtype(String field) throws MalformedFileException {
            Optional<DType> dtype = DType.of(text(field));
            return dtype.orElseThrow(() -> refused(field, "a dtype"));
        }

        <E> E word(String field, E[] choices, java.util.function.Function<E, String> id) throws MalformedFileException {
            String found = text(field);
            for (E choice : choices) {
                if (id.apply(choice).equals(found)) {
                    return choice;
                }
            }
            throw refused(
                    field,
                    String.join(", ", java.util.Arrays.stream(choices).map(id).toList()));
        }

        void refuseUnknown(Set<String> known) throws MalformedFileException {
            for (String field : (Iterable<String>) json::fieldNames) {
                if (!known.contains(field)) {
                    throw MalformedFileException.unsupported(
                            path, where, "the field '" + field + "'", "it may come from a newer version of this tool");
                }
            }
        }

        MalformedFileException refused(String field, String expected) {
            JsonNode value = json.path(field);
            return MalformedFileException.of(
                    path, where + ": " + field, value.isMissingNode() ? "nothing" : value.toString(), expected);
        }
    }
}
