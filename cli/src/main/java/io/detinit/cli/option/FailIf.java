package io.detinit.cli.option;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditReport;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A gate over an audit's totals.
 *
 * @param text as it was given
 * @param name a name of {@code total}
 * @param operator the comparison
 * @param number what it is compared with
 */
public record FailIf(String text, String name, String operator, double number) {

    private static final Pattern FORM = Pattern.compile("\\s*(\\w+)\\s*(<=|>=|==|!=|<|>)\\s*(\\S+)\\s*");

    /**
     * Reads a gate.
     *
     * @param text {@code NAME OP NUMBER}, OP one of {@code < <= > >= == !=}
     * @return the gate
     * @throws UsageException if it is written otherwise
     */
    public static FailIf parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            try {
                double number = Double.parseDouble(matcher.group(3));
                if (!Double.isNaN(number)) {
                    return new FailIf(text, matcher.group(1), matcher.group(2), number);
                }
            } catch (NumberFormatException e) {
                // said below
            }
        }
        throw new UsageException("--fail-if '" + text
                + "': expected NAME OP NUMBER, such as 'movedPercent<20', with NAME a number of 'total' in --json");
    }

    /**
     * Refuses a name that no total has, before any work is done.
     *
     * @param total the object {@code total} of an audit's JSON
     * @throws UsageException if it has no number of that name
     */
    public void checkName(JsonNode total) {
        JsonNode value = total.path(name);
        if (!value.isNumber() && !value.isNull()) {
            List<String> names = new ArrayList<>();
            total.properties().forEach(entry -> {
                if (entry.getValue().isNumber() || entry.getValue().isNull()) {
                    names.add(entry.getKey());
                }
            });
            throw new UsageException(
                    "--fail-if '" + text + "': unknown name '" + name + "'; known: " + String.join(", ", names));
        }
    }

    /**
     * The value of the name.
     *
     * @param report an audit
     * @return the value; NaN where the audit has none
     */
    public double value(AuditReport report) {
        return AuditJson.total(report).path(name).asDouble(Double.NaN);
    }

    /**
     * Whether it holds.
     *
     * @param report an audit
     * @return whether it holds; a value that is not there holds nothing but !=
     */
    public boolean holds(AuditReport report) {
        double value = value(report);
        return switch (operator) {
            case "<" -> value < number;
            case "<=" -> value <= number;
            case ">" -> value > number;
            case ">=" -> value >= number;
            case "==" -> value == number;
            default -> value != number;
        };
    }
}
