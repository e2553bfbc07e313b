package io.detinit.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** An epoch's result as a line of {@code history.jsonl}. A number that is not finite is the text NaN, Infinity or -Infinity. */
final class EpochJson {

    private EpochJson() {}

    static ObjectNode write(EpochResult result) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("epoch", result.epoch());
        node.put("trainLoss", result.trainLoss());
        node.put("testLoss", result.testLoss());
        node.put("testAccuracy", result.testAccuracy());
        node.put("seconds", result.seconds());
        node.put("learningRate", result.learningRate());
        Score validation = result.validation();
        if (validation != null) {
            node.put("validationLoss", validation.loss());
            node.put("validationAccuracy", validation.accuracy());
        }
        return node;
    }

    static EpochResult read(JsonNode node) {
        Score validation = node.has("validationLoss")
                ? new Score(number(node, "validationLoss"), number(node, "validationAccuracy"))
                : null;
        return new EpochResult(
                node.path("epoch").asInt(),
                number(node, "trainLoss"),
                number(node, "testLoss"),
                number(node, "testAccuracy"),
                number(node, "seconds"),
                number(node, "learningRate"),
                validation);
    }

    /** A number, or the text of one that is not finite. */
    static double number(JsonNode node, String field) {
        return node.path(field).asDouble(Double.NaN);
    }
}
