package io.detinit.interop.plan;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.interop.file.MalformedFileException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads and writes the JSON form {@code detinit-plan/1} of a plan.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class PlanJson {

    /** The format id. */
    public static final String FORMAT = "detinit-plan/1";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Set<String> PLAN_FIELDS = Set.of("format", "algorithm", "seed", "tensors");
    private static final Set<String> TENSOR_FIELDS =
            Set.of("name", "shape", "stored", "layer", "scheme", "base", "std", "bound", "value");
    private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

    private PlanJson() {}

    /**
     * Writes a plan.
     *
     * @param plan the plan
     * @return one line of JSON
     */
    public static String write(Plan plan) {
        return plan instanceof Plan.Addressed addressed
                ? write(addressed.plan())
                : write(((Plan.Replayed) plan).plan());
    }

    /**
     * Writes an addressable plan.
     *
     * @param plan the plan
     * @return one line of JSON
     */
    public static String write(InitPlan plan) {
        ObjectNode root = root(InitPlan.ALGORITHM, plan.seed());
        ArrayNode tensors = root.putArray("tensors");
        for (PlannedTensor tensor : plan.tensors()) {
            ObjectNode node = tensor(tensors, tensor.name(), tensor.shape(), tensor.stored());
            if (tensor.scheme().isRandom()) {
                node.put("layer", tensor.layer());
            }
            Scheme scheme = tensor.scheme();
            node.put("scheme", scheme.kind().id());
            Scheme.Kind base = scheme.base();
            if (base != null) {
                node.put("base", base.id());
            }
            String parameter = parameterField(base == null ? scheme.kind() : base);
            if (!parameter.isEmpty()) {
                node.put(parameter, scheme.parameter());
            }
        }
        return text(root);
    }

    /**
     * Writes the plan of a replayed PyTorch initialisation.
     *
     * @param plan the plan
     * @return one line of JSON
     */
    public static String write(TorchPlan plan) {
        ObjectNode root = root(TorchPlan.ALGORITHM, plan.seed());
        ArrayNode tensors = root.putArray("tensors");
        for (TorchPlanned tensor : plan.tensors()) {
            TorchEntryJson.write(tensor, tensor(tensors, tensor.name(), tensor.shape(), tensor.stored()));
        }
        return text(root);
    }

    private static ObjectNode root(String algorithm, long seed) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("format", FORMAT);
        root.put("algorithm", algorithm);
        root.put("seed", seed);
        return root;
    }

    private static ObjectNode tensor(ArrayNode tensors, String name, TensorShape shape, StoredOrder stored) {
        ObjectNode node = tensors.addObject();
        node.put("name", name);
        ArrayNode dims = node.putArray("shape");
        for (long dim : shape.dims()) {
            dims.add(dim);
        }
        if (stored != StoredOrder.OUT_IN) {
            node.put("stored", stored.id());
        }
        return node;
    }

    private static String text(ObjectNode root) {
        try {
            return MAPPER.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a plan.
     *
     * @param json the text
     * @param source where it comes from, for messages
     * @return the plan
     * @throws MalformedFileException if it is no JSON, not of this format, or uses an unknown algorithm
     * @throws InvalidPlanException if it contradicts itself: a name twice, an unknown scheme, a scheme that does not fit
     */
    public static Plan read(String json, Object source) throws MalformedFileException {
        JsonNode root = parse(json, source);
        if (!root.isObject()) {
            throw MalformedFileException.of(source, "plan", kind(root), "a JSON object");
        }
        String format = text(root, "format", source, "plan");
        if (!format.equals(FORMAT)) {
            throw MalformedFileException.of(source, "plan: format", "'" + format + "'", "'" + FORMAT + "'");
        }
        String algorithm = text(root, "algorithm", source, "plan");
        boolean replayed = algorithm.equals(TorchPlan.ALGORITHM);
        if (!replayed && !algorithm.equals(InitPlan.ALGORITHM)) {
            throw MalformedFileException.of(
                    source,
                    "plan: algorithm",
                    "'" + algorithm + "'",
                    "'" + InitPlan.ALGORITHM + "' or '" + TorchPlan.ALGORITHM + "'");
        }
        refuseUnknown(root, PLAN_FIELDS, source, "plan");
        long seed = seed(root.path("seed"), source);
        JsonNode tensors = root.path("tensors");
        if (!tensors.isArray()) {
            throw MalformedFileException.of(source, "plan: tensors", kind(tensors), "an array");
        }
        try {
            return replayed
                    ? new Plan.Replayed(new TorchPlan(seed, entries(tensors, source, PlanJson::torchTensor)))
                    : new Plan.Addressed(new InitPlan(seed, entries(tensors, source, PlanJson::tensor)));
        } catch (InvalidPlanException e) {
            throw new InvalidPlanException(source + ": " + e.getMessage(), e);
        }
    }

    /** Reads one entry of a plan. */
    private interface EntryReader<T> {
        T read(JsonNode node, Object source, String where) throws MalformedFileException;
    }

    private static <T> List<T> entries(JsonNode tensors, Object source, EntryReader<T> reader)
            throws MalformedFileException {
        List<T> entries = new ArrayList<>();
        for (JsonNode node : tensors) {
            String where = "plan: tensors[" + entries.size() + "]";
            if (!node.isObject()) {
                throw MalformedFileException.of(source, where, kind(node), "a JSON object");
            }
            entries.add(reader.read(node, source, where));
        }
        return entries;
    }

    private static TorchPlanned torchTensor(JsonNode node, Object source, String where) throws MalformedFileException {
        refuseUnknown(node, TorchEntryJson.FIELDS, source, where);
        String name = text(node, "name", source, where);
        TensorShape shape = shape(node.path("shape"), source, where + ": shape");
        return TorchEntryJson.read(new JsonFields(node, source, where), name, shape, stored(node, source, where));
    }

    private static JsonNode parse(String json, Object source) throws MalformedFileException {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            JsonLocation location = e.getLocation();
            String where = location == null ? "plan" : "plan: character " + location.getCharOffset();
            throw MalformedFileException.of(source, where, e.getOriginalMessage(), "valid JSON");
        }
    }

    private static PlannedTensor tensor(JsonNode node, Object source, String where) throws MalformedFileException {
        refuseUnknown(node, TENSOR_FIELDS, source, where);
        String name = text(node, "name", source, where);
        TensorShape shape = shape(node.path("shape"), source, where + ": shape");
        String schemeName = text(node, "scheme", source, where);
        try {
            Scheme scheme = scheme(schemeName, node, source, where);
            return new PlannedTensor(name, shape, layer(node, source, where), scheme, stored(node, source, where));
        } catch (InvalidPlanException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new InvalidPlanException("tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    private static StoredOrder stored(JsonNode node, Object source, String where) throws MalformedFileException {
        if (node.path("stored").isMissingNode()) {
            return StoredOrder.OUT_IN;
        }
        String id = text(node, "stored", source, where);
        for (StoredOrder order : StoredOrder.values()) {
            if (order.id().equals(id)) {
                return order;
            }
        }
        throw MalformedFileException.of(source, where + ": stored", "'" + id + "'", "'out_in' or 'in_out'");
    }

    private static Scheme scheme(String name, JsonNode node, Object source, String where)
            throws MalformedFileException {
        Optional<Scheme.Kind> kind = kindOf(name);
        if (kind.isEmpty()) {
            return Scheme.parse(name); // refuses it, with the list of those there are
        }
        return switch (kind.get()) {
            case ORTHOGONAL -> Scheme.orthogonal(base(node, source, where));
            case ORTHOGONAL_BLOCKS -> Scheme.orthogonalBlocks(base(node, source, where));
            case SIGNED_CONSTANT -> Scheme.signedConstant(base(node, source, where));
            default -> plain(kind.get(), node, source, where);
        };
    }

    private static Scheme base(JsonNode node, Object source, String where) throws MalformedFileException {
        if (node.path("base").isMissingNode()) {
            return Scheme.HE;
        }
        String name = text(node, "base", source, where);
        Optional<Scheme.Kind> kind = kindOf(name);
        return kind.isEmpty() ? Scheme.parse(name) : plain(kind.get(), node, source, where);
    }

    private static Scheme plain(Scheme.Kind kind, JsonNode node, Object source, String where)
            throws MalformedFileException {
        String field = parameterField(kind);
        if (field.isEmpty()) {
            return new Scheme(kind, Double.NaN);
        }
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw MalformedFileException.of(source, where + ": " + field, kind(value), "a number");
        }
        return new Scheme(kind, value.doubleValue());
    }

    private static Optional<Scheme.Kind> kindOf(String name) {
        return Arrays.stream(Scheme.Kind.values())
                .filter(kind -> kind.id().equals(name))
                .findFirst();
    }

    private static String parameterField(Scheme.Kind kind) {
        return switch (kind) {
            case CUSTOM -> "std";
            case UNIFORM -> "bound";
            case CONSTANT -> "value";
            default -> "";
        };
    }

    private static long layer(JsonNode node, Object source, String where) throws MalformedFileException {
        JsonNode layer = node.path("layer");
        if (layer.isMissingNode()) {
            return PlannedTensor.NO_LAYER;
        }
        if (!layer.isIntegralNumber() || !layer.canConvertToLong() || layer.longValue() < 0) {
            throw MalformedFileException.of(source, where + ": layer", layer.toString(), "an integer in [0, 2^63)");
        }
        return layer.longValue();
    }

    private static TensorShape shape(JsonNode node, Object source, String where) throws MalformedFileException {
        if (!node.isArray()) {
            throw MalformedFileException.of(source, where, kind(node), "an array of integers");
        }
        long[] dims = new long[node.size()];
        for (int axis = 0; axis < dims.length; axis++) {
            JsonNode dim = node.get(axis);
            if (!dim.isIntegralNumber() || !dim.canConvertToLong() || dim.longValue() < 0) {
                throw MalformedFileException.of(source, where, dim.toString(), "integers in [0, 2^63)");
            }
            dims[axis] = dim.longValue();
        }
        try {
            return TensorShape.of(dims);
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.of(source, where, node.toString(), "at most 2^63-1 elements");
        }
    }

    private static long seed(JsonNode node, Object source) throws MalformedFileException {
        if (node.isIntegralNumber()) {
            BigInteger seed = node.bigIntegerValue();
            if (seed.compareTo(BigInteger.valueOf(Long.MIN_VALUE)) >= 0 && seed.compareTo(TWO_64) < 0) {
                return seed.longValue();
            }
        }
        throw MalformedFileException.of(
                source,
                "plan: seed",
                node.isMissingNode() ? "nothing" : node.toString(),
                "an integer in [-2^63, 2^64)");
    }

    private static void refuseUnknown(JsonNode node, Set<String> known, Object source, String where)
            throws MalformedFileException {
        for (String field : (Iterable<String>) node::fieldNames) {
            if (!known.contains(field)) {
                throw MalformedFileException.unsupported(
                        source, where, "the field '" + field + "'", "it may come from a newer version of this tool");
            }
        }
    }

    private static String text(JsonNode node, String field, Object source, String where) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw MalformedFileException.of(source, where + ": " + field, kind(value), "a string");
        }
        return value.textValue();
    }

    private static String kind(JsonNode node) {
        return node.isMissingNode()
                ? "nothing"
                : "a JSON " + node.getNodeType().toString().toLowerCase(java.util.Locale.ROOT);
    }
}
