package io.detinit.training.lottery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.Score;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Results as JSON lines, one training each; a loss that is no number is null. */
final class ResultLines {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path file;
    private int line;

    private ResultLines(Path file) {
        this.file = file;
    }

    static String write(List<RoundResult> results) {
        StringBuilder text = new StringBuilder();
        for (RoundResult result : results) {
            ObjectNode node = JSON.createObjectNode();
            node.put("seed", result.seed());
            node.put("round", result.round());
            node.put("variant", result.variant().id());
            node.put("weightsSeed", result.weightsSeed());
            node.put("kept", result.kept());
            node.put("prunable", result.prunable());
            ObjectNode layers = node.putObject("layers");
            result.layers().forEach(layers::put);
            evaluation(node.putObject("earlyStop"), result.earlyStop());
            evaluation(node.putObject("end"), result.end());
            text.append(node).append('\n');
        }
        return text.toString();
    }

    private static void evaluation(ObjectNode node, Evaluation evaluation) {
        node.put("step", evaluation.step());
        loss(node, "validationLoss", evaluation.validation().loss());
        node.put("validationAccuracy", evaluation.validation().accuracy());
        loss(node, "testLoss", evaluation.test().loss());
        node.put("testAccuracy", evaluation.test().accuracy());
    }

    private static void loss(ObjectNode node, String field, double loss) {
        if (Double.isFinite(loss)) {
            node.put(field, loss);
        } else {
            node.putNull(field);
        }
    }

    static List<RoundResult> read(Path file) throws IOException {
        ResultLines lines = new ResultLines(file);
        List<RoundResult> results = new ArrayList<>();
        Set<RoundResult.Key> keys = new HashSet<>();
        for (String text : Files.readAllLines(file)) {
            lines.line++;
            RoundResult result = lines.result(lines.parse(text));
            if (!keys.add(result.key())) {
                throw lines.malformed("training", "the same one as before", "each once");
            }
            results.add(result);
        }
        return results;
    }

    private JsonNode parse(String text) throws MalformedFileException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw malformed("content", e.getOriginalMessage(), "one JSON object");
        }
    }

    private RoundResult result(JsonNode node) throws MalformedFileException {
        Map<String, Long> layers = new LinkedHashMap<>();
        JsonNode found = node.path("layers");
        for (Map.Entry<String, JsonNode> layer : found.properties()) {
            layers.put(layer.getKey(), whole(found, layer.getKey(), 0));
        }
        RoundResult result = new RoundResult(
                whole(node, "seed", Long.MIN_VALUE),
                Math.toIntExact(Math.min(whole(node, "round", 0), Integer.MAX_VALUE)),
                variant(node.path("variant").asText()),
                whole(node, "weightsSeed", Long.MIN_VALUE),
                layers,
                whole(node, "prunable", 1),
                evaluation(node.path("earlyStop")),
                evaluation(node.path("end")));
        if (result.kept() != whole(node, "kept", 0) || result.kept() > result.prunable()) {
            throw malformed("kept", node.path("kept").toString(), "the sum of layers, " + result.kept());
        }
        return result;
    }

    private Evaluation evaluation(JsonNode node) throws MalformedFileException {
        return new Evaluation(
                whole(node, "step", 1),
                score(node, "validationLoss", "validationAccuracy"),
                score(node, "testLoss", "testAccuracy"));
    }

    private Score score(JsonNode node, String loss, String accuracy) throws MalformedFileException {
        JsonNode value = node.path(loss);
        if (!value.isNumber() && !value.isNull()) {
            throw malformed(loss, value.toString(), "a number or null");
        }
        double fraction = node.path(accuracy).asDouble(Double.NaN);
        if (!(fraction >= 0 && fraction <= 1)) {
            throw malformed(accuracy, node.path(accuracy).toString(), "a fraction in [0, 1]");
        }
        return new Score(value.isNull() ? Double.NaN : value.doubleValue(), fraction);
    }

    private Variant variant(String text) throws MalformedFileException {
        return Arrays.stream(Variant.values())
                .filter(variant -> variant.id().equals(text))
                .findFirst()
                .orElseThrow(() -> malformed("variant", "'" + text + "'", "ticket, reinit or shuffle"));
    }

    private long whole(JsonNode node, String field, long least) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < least) {
            throw malformed(field, value.toString(), "a whole number" + (least < 0 ? "" : " >= " + least));
        }
        return value.longValue();
    }

    private MalformedFileException malformed(String where, String found, String expected) {
        return MalformedFileException.of(
                file, "line " + line + ": " + where, found.isEmpty() ? "nothing" : found, expected);
    }
}
