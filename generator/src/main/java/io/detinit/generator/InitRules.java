package io.detinit.generator;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which scheme a parameter gets: the first rule whose pattern fits its name, else the default of its type (weights: the
 * default scheme; biases, norm shifts and running means: zeros; norm scales and running variances: ones).
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class InitRules {

    private final Scheme weights;
    private final List<Rule> rules;

    private record Rule(String pattern, Pattern regex, Scheme scheme) {}

    private InitRules(Scheme weights, List<Rule> rules) {
        this.weights = weights;
        this.rules = List.copyOf(rules);
    }

    /** {@return {@code he} for weights and no other rule} */
    public static InitRules he() {
        return of(Scheme.HE);
    }

    /**
     * One scheme for all weights.
     *
     * @param weights the scheme
     * @return the rules
     */
    public static InitRules of(Scheme weights) {
        return new InitRules(weights, List.of());
    }

    /**
     * Adds a rule after those there are.
     *
     * @param pattern a name in which {@code *} stands for any characters and {@code ?} for one
     * @param scheme the scheme of the parameters it fits
     * @return new rules
     */
    public InitRules with(String pattern, Scheme scheme) {
        StringBuilder regex = new StringBuilder();
        for (int k = 0; k < pattern.length(); k++) {
            char c = pattern.charAt(k);
            switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(pattern, Pattern.compile(regex.toString(), Pattern.DOTALL), scheme));
        return new InitRules(weights, more);
    }

    /**
     * Adds a rule after those there are.
     *
     * @param rule {@code PATTERN=SCHEME}, such as {@code *.attn.*=custom:0.0442}
     * @return new rules
     * @throws IllegalArgumentException if there is no = or the scheme is unknown; the message repeats the rule
     */
    public InitRules with(String rule) {
        int equals = rule.lastIndexOf('=');
        if (equals <= 0) {
            throw new IllegalArgumentException(
                    "rule '" + rule + "' is not PATTERN=SCHEME, such as '*.attn.*=custom:0.0442'");
        }
        try {
            return with(rule.substring(0, equals), Scheme.parse(rule.substring(equals + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("rule '" + rule + "': " + e.getMessage(), e);
        }
    }

    /** {@return the scheme of weights that no rule fits} */
    public Scheme weights() {
        return weights;
    }

    /**
     * The scheme of the first rule that fits.
     *
     * @param name a parameter's name
     * @return its scheme, empty where no rule fits
     */
    public Optional<Scheme> find(String name) {
        return rules.stream()
                .filter(rule -> rule.regex().matcher(name).matches())
                .map(Rule::scheme)
                .findFirst();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InitRules that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** {@return the default scheme, then the rules in their order, such as {@code he, *.attn.*=custom:0.0442}} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(weights.toString());
        rules.forEach(
                rule -> text.append(", ").append(rule.pattern()).append('=').append(rule.scheme()));
        return text.toString();
    }
}
