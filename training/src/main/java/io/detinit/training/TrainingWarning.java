package io.detinit.training;

import java.util.Arrays;
import java.util.Locale;

/**
 * Something in the movement of the parameters that a person should look at.
 *
 * @param kind what
 * @param tensor the parameter's name; empty where all are meant
 * @param reason one line: what was found, and the bound it passed
 */
public record TrainingWarning(Kind kind, String tensor, String reason) {

    /** What may be wrong. The bounds are those of {@link TrainingWatch}. */
    public enum Kind {
        /** Before the first step weights differ from their initial values. */
        NOT_SEEDED,
        /** Weights are NaN or infinite. */
        NOT_FINITE,
        /** A layer is very far from its initial values, or suddenly much farther. */
        EXPLODES,
        /** Not one bit of a layer changes while others do, or of the whole model. */
        FROZEN,
        /** A layer hardly moves while others do. */
        SLEEPS,
        /** Many units of a layer never move. */
        UNITS_SLEEP,
        /** Many inputs of a layer never move. */
        INPUTS_SLEEP;

        /** {@return the name in a timeline, such as {@code not-finite}} */
        public String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /**
         * Reads a name.
         *
         * @param name as {@link #id} writes it
         * @return the kind
         * @throws IllegalArgumentException if it is unknown; the message lists the known ones
         */
        public static Kind parse(String name) {
            for (Kind kind : values()) {
                if (kind.id().equals(name)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("unknown warning '" + name + "'; known: "
                    + String.join(", ", Arrays.stream(values()).map(Kind::id).toList()));
        }
    }

    /** {@return a line for people, such as {@code fc2.weight explodes: ...}} */
    public String text() {
        String subject = tensor.isEmpty() ? "the model" : tensor;
        String verb = switch (kind) {
            case NOT_SEEDED -> "does not begin with its initial values";
            case NOT_FINITE -> "is not finite";
            case EXPLODES -> "explodes";
            case FROZEN -> "is frozen";
            case SLEEPS -> "sleeps";
            case UNITS_SLEEP -> "has sleeping units";
            case INPUTS_SLEEP -> "has sleeping inputs";
        };
        return subject + " " + verb + ": " + reason;
    }
}
