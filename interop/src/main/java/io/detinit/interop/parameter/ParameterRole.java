package io.detinit.interop.parameter;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a parameter's name tells of its role beside its shape: a query's projection has the shape of a key's, and the weights between
 * hidden states may have that of the inputs'. Empty strings where the name says nothing.
 *
 * @param part query, key, value or out of an attention; ih or hh of a recurrent layer, with the direction
 * @param element weight, bias, running_mean or running_var
 */
record ParameterRole(String part, String element) {

    private static final Pattern WORD = Pattern.compile("[^._]+");

    private static final Map<String, String> PARTS = Map.ofEntries(
            Map.entry("q", "query"),
            Map.entry("query", "query"),
            Map.entry("k", "key"),
            Map.entry("key", "key"),
            Map.entry("v", "value"),
            Map.entry("value", "value"),
            Map.entry("o", "out"),
            Map.entry("out", "out"),
            Map.entry("result", "out"),
            Map.entry("ih", "ih"),
            Map.entry("hh", "hh"));

    private static final List<String> ELEMENTS = List.of("weight", "bias", "running_mean", "running_var");

    /** Reads a name in PyTorch's words. */
    static ParameterRole of(String name) {
        String part = "";
        Matcher words = WORD.matcher(name.toLowerCase(Locale.ROOT));
        while (words.find()) {
            String word = words.group();
            part = word.equals("reverse") ? part + " reverse" : PARTS.getOrDefault(word, part);
        }
        String found = "";
        for (String element : ELEMENTS) {
            boolean named = name.equals(element) || name.endsWith("." + element);
            boolean recurrent = name.contains("." + element + "_") || name.startsWith(element + "_");
            found = named || recurrent ? element : found;
        }
        return new ParameterRole(part, found);
    }

    /** Whether two names do not contradict each other. */
    boolean agrees(ParameterRole other) {
        return agree(part, other.part) && agree(element, other.element);
    }

    private static boolean agree(String one, String other) {
        return one.isEmpty() || other.isEmpty() || one.equals(other);
    }
}
