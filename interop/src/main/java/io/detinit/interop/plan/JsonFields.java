package io.detinit.interop.plan;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.interop.file.MalformedFileException;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the fields of one entry of a plan.
 *
 * @param node the entry
 * @param source where the plan comes from, for messages
 * @param where the entry's place in it, for messages
 */
record JsonFields(JsonNode node, Object source, String where) {

    boolean has(String field) {
        return !node.path(field).isMissingNode();
    }

    /** A text that must be there. */
    String text(String field) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw refused(field, "a string");
        }
        return value.textValue();
    }

    /** One of a few words; the first where the field is missing. */
    <E> E word(String field, List<E> choices, java.util.function.Function<E, String> id) throws MalformedFileException {
        if (!has(field)) {
            return choices.get(0);
        }
        String text = text(field);
        for (E choice : choices) {
            if (id.apply(choice).equals(text)) {
                return choice;
            }
        }
        throw refused(
                field,
                "one of "
                        + String.join(", ", choices.stream().map(id).distinct().toList()));
    }

    /** An integer in [0, 2^63); a default where the field is missing. */
    long number(String field, long missing) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (value.isMissingNode()) {
            return missing;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
            throw refused(field, "an integer in [0, 2^63)");
        }
        return value.longValue();
    }

    /** A finite number that must be there. */
    double real(String field) throws MalformedFileException {
        JsonNode value = node.path(field);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw refused(field, "a finite number");
        }
        return value.doubleValue();
    }

    private MalformedFileException refused(String field, String expected) {
        JsonNode value = node.path(field);
        return MalformedFileException.of(
                source, where + ": " + field, value.isMissingNode() ? "nothing" : value.toString(), expected);
    }

    /** A list that begins with what a missing field means. */
    static <E> List<E> startingWith(E first, E[] all) {
        List<E> list = new java.util.ArrayList<>(List.of(first));
        list.addAll(Arrays.asList(all));
        return list;
    }
}
