package io.detinit.training.lottery;

import io.detinit.interop.mask.NameFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which fraction of the weights that a layer still has is pruned in a round.
 *
 * @param rate of layers that nothing else is said of, in (0, 1)
 * @param lastRate of the last matrix, the output layer, in [0, 1)
 * @param rules rates of layers by their names; the first one that fits counts, before {@code lastRate}
 */
public record PruneRates(double rate, double lastRate, List<Rule> rules) {

    /**
     * Checks the rates and copies the list.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public PruneRates {
        if (!(rate > 0 && rate < 1)) {
            throw new IllegalArgumentException("rate " + rate + " must be a fraction in (0, 1), such as 0.2");
        }
        requireRate("last rate", lastRate);
        rules = List.copyOf(rules);
    }

    /**
     * The rate of some layers.
     *
     * @param pattern what their names fit: {@code *} any characters, {@code ?} one
     * @param rate in [0, 1); 0 leaves them dense
     */
    public record Rule(String pattern, double rate) {
        /**
         * Checks the rate.
         *
         * @throws IllegalArgumentException if it lies outside [0, 1), or the pattern is empty
         */
        public Rule {
            if (pattern.isEmpty()) {
                throw new IllegalArgumentException("a layer's rate needs a pattern, such as conv*=0.1");
            }
            requireRate("rate of '" + pattern + "'", rate);
        }

        /**
         * Reads a rule.
         *
         * @param text such as {@code conv*=0.1}
         * @return the rule
         * @throws IllegalArgumentException if it is none
         */
        public static Rule parse(String text) {
            int equals = text.lastIndexOf('=');
            try {
                if (equals >= 0) {
                    return new Rule(text.substring(0, equals), Double.parseDouble(text.substring(equals + 1)));
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new IllegalArgumentException("layer rate '" + text + "' must be PATTERN=RATE, such as conv*=0.1");
        }

        private boolean fits(String name) {
            return new NameFilter(List.of(pattern), List.of()).takes(name);
        }
    }

    private static void requireRate(String what, double rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(what + " " + rate + " must be a fraction in [0, 1)");
        }
    }

    /**
     * The rates of a model's layers.
     *
     * @param layers the prunable matrices in state-dict order
     * @return a rate for each, in the same order
     * @throws IllegalArgumentException if a rule fits no layer, or no layer is pruned
     */
    public Map<String, Double> of(List<String> layers) {
        for (Rule rule : rules) {
            if (layers.stream().noneMatch(rule::fits)) {
                throw new IllegalArgumentException(
                        "the layer rate '" + rule.pattern() + "' fits none of the layers " + String.join(", ", layers));
            }
        }
        Map<String, Double> rates = new LinkedHashMap<>();
        for (int k = 0; k < layers.size(); k++) {
            String name = layers.get(k);
            double otherwise = k == layers.size() - 1 ? lastRate : rate;
            rates.put(
                    name,
                    rules.stream()
                            .filter(rule -> rule.fits(name))
                            .findFirst()
                            .map(Rule::rate)
                            .orElse(otherwise));
        }
        if (rates.values().stream().allMatch(value -> value == 0)) {
            throw new IllegalArgumentException("nothing to prune: every layer has the rate 0");
        }
        return rates;
    }

    /** {@return the rules as {@link Rule#parse} reads them} */
    List<String> texts() {
        List<String> texts = new ArrayList<>();
        rules.forEach(rule -> texts.add(rule.pattern() + "=" + rule.rate()));
        return texts;
    }
}
