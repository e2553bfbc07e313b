package io.detinit.interop.identify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.plan.PlanJson;

/** The JSON form of a search for seeds, the same from the command and from Apache Spark. Stateless; safe for use by many threads. */
public final class IdentifyJson {

    private static final JsonMapper JSON = new JsonMapper();

    private IdentifyJson() {}

    /**
     * Writes what came of a search.
     *
     * @param file the file as the user named it
     * @param format its format
     * @param outcome what was found
     * @return one object
     */
    public static ObjectNode of(String file, String format, IdentifyOutcome outcome) {
        ObjectNode object = JSON.createObjectNode();
        object.put("file", file);
        object.put("format", format);
        object.putNull("best");
        ArrayNode tensors = object.putArray("tensors");
        object.put("tried", outcome.tried());
        object.putNull("plan");
        outcome.best().ifPresent(found -> {
            add(object.putObject("best"), found);
            found.tensors().forEach(tensor -> add(tensors.addObject(), tensor));
            object.set("plan", tree(PlanJson.write(found.plan())));
        });
        return object;
    }

    private static void add(ObjectNode node, IdentifiedSeed found) {
        node.put("kind", found.kind());
        node.put("seed", found.plan().seed());
        found.position().ifPresentOrElse(at -> node.put("position", at), () -> node.putNull("position"));
        found.variant().ifPresentOrElse(id -> node.put("variant", id), () -> node.putNull("variant"));
        node.put("correlation", found.correlation());
        node.put("weights", found.weights());
        putPValue(node, found.logPValue());
        if (!found.part().isEmpty()) {
            node.put("part", found.part());
        }
        ArrayNode others = node.putArray("otherSeeds");
        found.otherSeeds().forEach(others::add);
    }

    private static void add(ObjectNode node, IdentifiedTensor tensor) {
        node.put("name", tensor.name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : tensor.shape().dims()) {
            shape.add(dim);
        }
        node.put("stored", tensor.stored().id());
        tensor.layer().ifPresent(layer -> node.put("layer", layer));
        tensor.draw().ifPresent(draw -> node.put("draw", draw));
        tensor.correlation().ifPresentOrElse(r -> node.put("correlation", r), () -> node.putNull("correlation"));
        putPValue(node, tensor.logPValue());
        node.put("found", tensor.found());
        if (!tensor.note().isEmpty()) {
            node.put("note", tensor.note());
        }
    }

    /** A double cannot hold the small ones: they are 0 there, and the decimal logarithm stands beside. */
    private static void putPValue(ObjectNode node, double log) {
        node.put("pValue", Math.exp(log));
        node.put("log10PValue", log / Math.log(10));
    }

    private static JsonNode tree(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
