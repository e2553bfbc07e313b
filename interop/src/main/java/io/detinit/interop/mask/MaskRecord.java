package io.detinit.interop.mask;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How masks were made, as a mask file carries it in {@code __metadata__["detinit.mask"]}: one JSON object.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class MaskRecord {

    /** The metadata key. */
    public static final String KEY = "detinit.mask";

    private static final String STORED = "stored";
    private static final String IN_OUT = "in_out";
    private static final String OUT_IN = "out_in";

    private static final JsonMapper JSON = JsonMapper.builder(com.fasterxml.jackson.core.JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(64).build())
                    .build())
            .build();

    private final ObjectNode fields;

    private MaskRecord(ObjectNode fields) {
        this.fields = fields;
    }

    /**
     * Masks that were selected, without where the ranking was cut.
     *
     * @param selection what was selected
     * @param baseline against what
     * @param source the file name of the trained model
     * @param tool the program and its version
     * @return the record
     */
    public static MaskRecord of(Selection selection, Baseline baseline, String source, String tool) {
        ObjectNode fields = fields(selection);
        putOrigin(fields, baseline, source, tool);
        return new MaskRecord(fields);
    }

    /**
     * Masks that were selected.
     *
     * @param selection what was selected
     * @param selected what came of it: the one cut is the field {@code cut}, several are {@code cuts} by name
     * @param baseline against what
     * @param source the file name of the trained model
     * @param tool the program and its version
     * @return the record
     */
    public static MaskRecord of(Selection selection, Selected selected, Baseline baseline, String source, String tool) {
        return of(selection, selected.withoutMasks(), baseline, source, tool);
    }

    /**
     * Masks that were selected, wherever they are.
     *
     * @param selection what was selected
     * @param selected where the rankings were cut
     * @param baseline against what
     * @param source the file name of the trained model
     * @param tool the program and its version
     * @return the record
     */
    public static MaskRecord of(Selection selection, Cuts selected, Baseline baseline, String source, String tool) {
        ObjectNode fields = fields(selection);
        if (selected.cut().isPresent()) {
            putCut(fields, "cut", selected.cut().get());
        } else if (!selected.cuts().isEmpty()) {
            ObjectNode cuts = fields.putObject("cuts");
            selected.cuts().forEach((name, cut) -> putCut(cuts, name, cut));
        }
        putAll(fields, "protectedTensors", selected.protectedNames());
        putOrigin(fields, baseline, source, tool);
        return new MaskRecord(fields);
    }

    private static ObjectNode fields(Selection selection) {
        ObjectNode fields = JSON.createObjectNode();
        fields.put("criterion", selection.criterion().id());
        if (selection.criterion().isRandom()) {
            fields.put("randomSeed", selection.randomSeed());
        }
        if (selection.target() instanceof Selection.Sparsity sparsity) {
            fields.put("sparsity", sparsity.sparsity());
        } else if (selection.target() instanceof Selection.Limit limit) {
            fields.put("threshold", limit.limit());
        } else if (selection.target() instanceof Selection.Pattern pattern) {
            fields.put("pattern", pattern.id());
        }
        if (!(selection.target() instanceof Selection.Pattern)) {
            fields.put("scope", selection.scope().id());
        }
        Candidates candidates = selection.candidates();
        putAll(fields, "include", candidates.filter().include());
        putAll(fields, "exclude", candidates.filter().exclude());
        if (candidates.vectors()) {
            fields.put("vectors", true);
        }
        putAll(fields, "protect", candidates.protectedEnds());
        return fields;
    }

    private static void putOrigin(ObjectNode fields, Baseline baseline, String source, String tool) {
        fields.put("baseline", baseline.kind().id());
        baseline.seed().ifPresent(seed -> fields.put("seed", seed));
        fields.put("source", source);
        fields.put("tool", tool);
    }

    /** A number, or null for what is none; an object where only weights that changed sign were pruned. */
    private static void putCut(ObjectNode fields, String name, Cut cut) {
        ObjectNode target = cut.changedSign() ? fields.putObject(name).put("changedSign", true) : fields;
        String field = cut.changedSign() ? "score" : name;
        if (Double.isFinite(cut.score())) {
            target.put(field, cut.score());
        } else {
            target.putNull(field);
        }
    }

    /**
     * Masks that were made of masks.
     *
     * @param operation the operation's name
     * @param sources the file names of the masks
     * @param tool the program and its version
     * @return the record
     */
    public static MaskRecord of(String operation, List<String> sources, String tool) {
        ObjectNode fields = JSON.createObjectNode();
        fields.put("operation", operation);
        putAll(fields, "sources", sources);
        fields.put("tool", tool);
        return new MaskRecord(fields);
    }

    private static void putAll(ObjectNode fields, String name, List<String> values) {
        if (!values.isEmpty()) {
            values.forEach(fields.putArray(name)::add);
        }
    }

    /** {@return the record's fields; a copy} */
    public ObjectNode fields() {
        return fields.deepCopy();
    }

    /** The metadata of a mask file: this record with the order in which masks lie, and the plan if there is one. */
    Map<String, String> metadata(StoredMasks masks, Optional<String> plan) {
        return metadata(masks.orderKnown(), masks.inOut(), plan);
    }

    /**
     * The metadata of a mask file whose masks lie as a checkpoint keeps its parameters.
     *
     * @param inOut the names of those that lie transposed, inputs first
     * @param plan the plan, if there is one
     * @return the metadata
     */
    public Map<String, String> metadata(Set<String> inOut, Optional<String> plan) {
        return metadata(true, inOut, plan);
    }

    private Map<String, String> metadata(boolean orderKnown, Set<String> inOut, Optional<String> plan) {
        ObjectNode complete = fields.deepCopy();
        if (orderKnown) {
            ObjectNode stored = complete.putObject(STORED);
            inOut.forEach(name -> stored.put(name, IN_OUT));
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        plan.ifPresent(text -> metadata.put(Checkpoint.PLAN_KEY, text));
        metadata.put(KEY, complete.toString());
        return metadata;
    }

    /**
     * The metadata of a part of a set of masks: the same record, with the order of its own masks; the plan is that of the set.
     *
     * @param metadata of the set, as {@link #metadata(Set, Optional)} gave it
     * @param names the parameters of the part
     * @return the metadata of the part
     */
    public static Map<String, String> ofPart(Map<String, String> metadata, Set<String> names) {
        ObjectNode fields = JSON.createObjectNode();
        try {
            fields.setAll((ObjectNode) JSON.readTree(metadata.getOrDefault(KEY, "{}")));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("metadata " + KEY + " is no record of masks", e);
        }
        if (fields.get(STORED) instanceof ObjectNode stored) {
            stored.retain(names);
        }
        return Map.of(KEY, fields.toString());
    }

    /** Masks with the order that a file's metadata says; without metadata the order is not known. */
    static StoredMasks order(Path file, Map<String, Mask> masks, Map<String, String> metadata)
            throws MalformedFileException {
        Map<String, TensorShape> shapes = new LinkedHashMap<>();
        masks.forEach((name, mask) -> shapes.put(name, mask.shape()));
        Optional<Set<String>> inOut = inOut(file, shapes, metadata);
        return new StoredMasks(masks, inOut.orElse(Set.of()), inOut.isPresent());
    }

    /** The names of masks that lie inputs first, as metadata says; empty where they do not say. */
    static Optional<Set<String>> inOut(Object file, Map<String, TensorShape> masks, Map<String, String> metadata)
            throws MalformedFileException {
        String text = metadata.get(KEY);
        JsonNode stored = text == null ? JSON.missingNode() : parse(file, text).path(STORED);
        if (stored.isMissingNode()) {
            return Optional.empty();
        }
        if (!stored.isObject()) {
            throw malformed(file, "stored", stored.getNodeType().toString(), "an object");
        }
        Set<String> inOut = new LinkedHashSet<>();
        for (Map.Entry<String, JsonNode> entry : stored.properties()) {
            String order = entry.getValue().asText();
            TensorShape mask = masks.get(entry.getKey());
            String where = "stored '" + entry.getKey() + "'";
            if (!order.equals(IN_OUT) && !order.equals(OUT_IN)) {
                throw malformed(file, where, "'" + order + "'", "in_out or out_in");
            }
            if (order.equals(IN_OUT) && (mask == null || mask.rank() != 2)) {
                throw malformed(file, where, mask == null ? "no such mask" : "the shape " + mask, "a matrix");
            }
            if (order.equals(IN_OUT)) {
                inOut.add(entry.getKey());
            }
        }
        return Optional.of(inOut);
    }

    private static JsonNode parse(Object file, String text) throws MalformedFileException {
        try {
            JsonNode node = JSON.readTree(text);
            if (!node.isObject()) {
                throw malformed(file, "the value", node.getNodeType().toString(), "a JSON object");
            }
            return node;
        } catch (JsonProcessingException e) {
            throw malformed(file, "the value", "text that is not JSON", "a JSON object");
        }
    }

    private static MalformedFileException malformed(Object file, String where, String found, String expected) {
        return MalformedFileException.of(file, "metadata " + KEY + ": " + where, found, expected);
    }
}
