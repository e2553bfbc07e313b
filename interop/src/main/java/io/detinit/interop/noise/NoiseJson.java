package io.detinit.interop.noise;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads and writes the JSON form {@code detinit-noise/1} of a noise record. Factors are written with 4 significant digits.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class NoiseJson {

    /** The format id. */
    public static final String FORMAT = "detinit-noise/1";

    /** The formula by which standard deviations are predicted; another one gets another name. */
    public static final String FORMULA = "random-walk/1";

    private static final MathContext DIGITS = new MathContext(4);

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private NoiseJson() {}

    /**
     * Writes a record.
     *
     * @param noise the record
     * @return one line of JSON
     */
    public static String write(NoiseRecord noise) {
        try {
            return MAPPER.writeValueAsString(node(noise, true));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A record without the factors of rows and columns: one standard deviation for each layer.
     *
     * @param noise the record
     * @return the JSON object
     */
    public static ObjectNode summary(NoiseRecord noise) {
        return node(noise, false);
    }

    private static ObjectNode node(NoiseRecord noise, boolean factors) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("format", FORMAT);
        root.put("formula", FORMULA);
        root.put("optimizer", noise.optimizer());
        root.put("steps", noise.steps());
        root.put("pairs", noise.pairs());
        root.put("decay", noise.decay());
        ArrayNode layers = root.putArray("layers");
        for (NoiseLayer layer : noise.layers()) {
            ObjectNode node = layers.addObject();
            node.put("name", layer.name());
            ArrayNode shape = node.putArray("shape");
            for (long dim : layer.shape().dims()) {
                shape.add(dim);
            }
            node.put("std", layer.std());
            if (layer.rounding() > 0) {
                node.put("rounding", layer.rounding());
            }
            if (factors) {
                layer.rows().forEach(addTo(node.putArray("rows")));
                if (layer.cols().size() > 1) {
                    layer.cols().forEach(addTo(node.putArray("cols")));
                }
            }
        }
        return root;
    }

    private static java.util.function.Consumer<Double> addTo(ArrayNode array) {
        return factor -> array.add(BigDecimal.valueOf(factor).round(DIGITS).stripTrailingZeros());
    }

    /**
     * Finds the record in a model's metadata.
     *
     * @param metadata the metadata
     * @param source where it comes from, for messages
     * @return the record; empty where there is none
     * @throws MalformedFileException if it is malformed, or made by a formula that this version does not know
     */
    public static Optional<NoiseRecord> find(Map<String, String> metadata, Object source)
            throws MalformedFileException {
        String text = metadata.get(NoiseRecord.KEY);
        return text == null ? Optional.empty() : Optional.of(read(text, source));
    }

    /**
     * Reads a record.
     *
     * @param json what {@link #write} wrote
     * @param source where it comes from, for messages
     * @return the record
     * @throws MalformedFileException if it is malformed, or made by a formula that this version does not know
     */
    public static NoiseRecord read(String json, Object source) throws MalformedFileException {
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw refused(source, NoiseRecord.KEY, e.getOriginalMessage(), "valid JSON");
        }
        expect(root, "format", FORMAT, source);
        expect(root, "formula", FORMULA, source);
        try {
            List<NoiseLayer> layers = new ArrayList<>();
            JsonNode entries = root.path("layers");
            if (!entries.isArray()) {
                throw refused(source, "layers", found(entries), "a list");
            }
            for (JsonNode entry : entries) {
                layers.add(layer(entry, source));
            }
            return new NoiseRecord(
                    text(root, "optimizer", source),
                    count(root.path("steps"), "steps", source),
                    count(root.path("pairs"), "pairs", source),
                    number(root, "decay", source),
                    layers);
        } catch (IllegalArgumentException e) {
            throw refused(source, NoiseRecord.KEY, String.valueOf(e.getMessage()), "a noise record that fits");
        }
    }

    private static NoiseLayer layer(JsonNode entry, Object source) throws MalformedFileException {
        String name = text(entry, "name", source);
        JsonNode dims = entry.path("shape");
        long[] lengths = new long[dims.size()];
        for (int k = 0; k < lengths.length; k++) {
            lengths[k] = count(dims.path(k), "shape", source);
        }
        TensorShape shape = TensorShape.of(lengths);
        double rounding = entry.has("rounding") ? number(entry, "rounding", source) : 0;
        List<Double> cols = entry.has("cols") ? numbers(entry, "cols", source) : List.of(1.0);
        return new NoiseLayer(
                name, shape, number(entry, "std", source), numbers(entry, "rows", source), cols, rounding);
    }

    private static void expect(JsonNode node, String field, String expected, Object source)
            throws MalformedFileException {
        String found = text(node, field, source);
        if (!found.equals(expected)) {
            throw refused(source, field, "'" + found + "'", expected);
        }
    }

    private static String text(JsonNode node, String field, Object source) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw refused(source, field, found(value), "a string");
        }
        return value.textValue();
    }

    private static long count(JsonNode value, String field, Object source) throws MalformedFileException {
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw refused(source, field, found(value), "an integer");
        }
        return value.longValue();
    }

    private static double number(JsonNode node, String field, Object source) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw refused(source, field, found(value), "a number");
        }
        return value.doubleValue();
    }

    private static List<Double> numbers(JsonNode node, String field, Object source) throws MalformedFileException {
        JsonNode values = node.path(field);
        List<Double> numbers = new ArrayList<>();
        for (JsonNode value : values) {
            if (!value.isNumber()) {
                throw refused(source, field, found(value), "numbers");
            }
            numbers.add(value.doubleValue());
        }
        if (!values.isArray()) {
            throw refused(source, field, found(values), "a list of numbers");
        }
        return numbers;
    }

    private static String found(JsonNode value) {
        String text = value.isMissingNode() ? "nothing" : value.toString();
        return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }

    private static MalformedFileException refused(Object source, String field, String found, String expected) {
        return MalformedFileException.of(source, "noise record: " + field, found, expected);
    }
}
