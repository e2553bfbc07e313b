package io.detinit.training.lottery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InitPlan;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.TrainConfig;
import io.detinit.training.optimizer.OptimizerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a lottery is, format {@code detinit-lottery/1}: everything that its results depend on but the machine. A lottery is continued with the
 * same card, or with one that asks for more rounds, seeds or controls.
 *
 * @param json the card
 */
record LotteryCard(ObjectNode json) {

    static final String FORMAT = "detinit-lottery/1";

    private static final JsonMapper JSON = new JsonMapper();

    static LotteryCard of(LotteryConfig config, LotteryData data) {
        ObjectNode card = JSON.createObjectNode();
        card.put("format", FORMAT);
        card.put("algorithm", InitPlan.ALGORITHM);
        TrainConfig training = config.training();
        card.put("model", training.model().text());
        card.put("scheme", training.rules().toString());
        ObjectNode source = card.putObject("data");
        data.source().forEach(source::put);
        training(card.putObject("training"), training);
        ObjectNode pruning = card.putObject("pruning");
        pruning.put("criterion", config.criterion().id());
        pruning.put("scope", config.scope().id());
        pruning.put("rate", config.rates().rate());
        pruning.put("lastRate", config.rates().lastRate());
        config.rates().texts().forEach(pruning.putArray("layerRates")::add);
        pruning.put("fill", config.fill().id());
        pruning.put("rewind", config.rewind());
        card.put("evalEvery", config.evalEvery());
        card.put("rounds", config.rounds());
        config.seeds().forEach(card.putArray("seeds")::add);
        config.controls().forEach(control -> card.withArray("controls").add(control.id()));
        return new LotteryCard(card);
    }

    private static void training(ObjectNode node, TrainConfig training) {
        OptimizerConfig optimizer = training.optimizer();
        node.put("epochs", training.epochs());
        node.put("batch", training.batch());
        node.put("optimizer", optimizer.kind().id());
        node.put("learningRate", optimizer.learningRate());
        node.put("momentum", optimizer.momentum());
        node.put("nesterov", optimizer.nesterov());
        node.put("weightDecay", optimizer.weightDecay());
        node.put("beta1", optimizer.beta1());
        node.put("beta2", optimizer.beta2());
        node.put("epsilon", optimizer.epsilon());
        node.put("schedule", training.schedule().id());
        node.put("warmupSteps", training.schedule().warmupSteps());
        if (Double.isFinite(training.clipNorm())) {
            node.put("clipNorm", training.clipNorm());
        }
        node.put("labelSmoothing", training.labelSmoothing());
    }

    static LotteryCard read(Path file) throws IOException {
        try {
            if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode node
                    && node.path("format").asText().equals(FORMAT)) {
                return new LotteryCard(node);
            }
        } catch (JsonProcessingException e) {
            throw MalformedFileException.of(file, "content", e.getOriginalMessage(), "a JSON object");
        }
        throw MalformedFileException.of(file, "format", "another one", FORMAT);
    }

    String text() {
        return json.toPrettyString() + "\n";
    }

    /**
     * Refuses to continue another lottery.
     *
     * @param old the card of the results that there are
     * @param file where it lies, for the message
     * @throws IllegalArgumentException if a setting differs, or less is asked for than was
     */
    void requireContinues(LotteryCard old, Path file) {
        Set<String> fields = new LinkedHashSet<>();
        old.json.fieldNames().forEachRemaining(fields::add);
        json.fieldNames().forEachRemaining(fields::add);
        for (String field : fields) {
            JsonNode before = old.json.path(field);
            JsonNode now = json.path(field);
            switch (field) {
                case "rounds" -> require(now.asLong() >= before.asLong(), file, field, before, now, "at least as many");
                case "seeds", "controls" -> require(holds(now, before), file, field, before, now, "all of these");
                default -> requireSame(file, field, before, now);
            }
        }
    }

    private static boolean holds(JsonNode now, JsonNode before) {
        Set<JsonNode> values = new LinkedHashSet<>();
        now.forEach(value -> values.add(JSON.getNodeFactory().textNode(value.asText())));
        for (JsonNode value : before) {
            if (!values.contains(JSON.getNodeFactory().textNode(value.asText()))) {
                return false;
            }
        }
        return true;
    }

    private static void requireSame(Path file, String field, JsonNode before, JsonNode now) {
        if (before.isObject() && now.isObject()) {
            Set<String> names = new LinkedHashSet<>();
            before.fieldNames().forEachRemaining(names::add);
            now.fieldNames().forEachRemaining(names::add);
            names.forEach(name -> requireSame(file, field + "." + name, before.path(name), now.path(name)));
        } else {
            require(
                    before.asText().equals(now.asText()) && before.toString().equals(now.toString()),
                    file,
                    field,
                    before,
                    now,
                    "the same");
        }
    }

    private static void require(boolean ok, Path file, String field, JsonNode before, JsonNode now, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(file + ": " + field + " was " + shown(before) + ", now it is "
                    + shown(now) + "; to continue it must be " + expected
                    + ", another folder begins another lottery");
        }
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "not set" : node.toString();
    }
}
