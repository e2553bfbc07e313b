package io.detinit.cli;

import io.detinit.interop.audit.AuditReport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A gate over an audit's totals.
 *
 * @param name a name of {@code total}
 * @param operator the comparison
 * @param number what it is compared with
 */
record FailIf(String name, String operator, double number) {

    private static final Pattern FORM = Pattern.compile("\\s*(\\w+)\\s*(<=|>=|==|!=|<|>)\\s*(\\S+)\\s*");

    static FailIf parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            try {
                FailIf gate = new FailIf(matcher.group(1), matcher.group(2), Double.parseDouble(matcher.group(3)));
                if (gate.known() && !Double.isNaN(gate.number())) {
                    return gate;
                }
            } catch (NumberFormatException e) {
                // said below
            }
        }
        throw new UsageException("--fail-if '" + text + "': expected NAME OP NUMBER with NAME one of elements, moved,"
                + " movedPercent, sleepingPercent");
    }

    private boolean known() {
        return switch (name) {
            case "elements", "moved", "movedPercent", "sleepingPercent" -> true;
            default -> false;
        };
    }

    double value(AuditReport report) {
        return switch (name) {
            case "elements" -> report.elements();
            case "moved" -> report.moved();
            case "movedPercent" -> report.movedPercent();
            default -> report.sleepingPercent();
        };
    }

    boolean holds(AuditReport report) {
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
