package io.detinit.training.timeline;

import java.util.Arrays;
import java.util.Locale;

/**
 * Something in the parameters, their gradients or units that a person should look at.
 *
 * @param kind what
 * @param tensor the parameter's name; empty where all are meant
 * @param reason one line: what was found, and the bound it passed
 */
public record TrainingWarning(Kind kind, String tensor, String reason) {

    /** What may be wrong. The bounds are those of {@code docs/timeline.md}. */
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
        INPUTS_SLEEP,
        /** Hardly any gradient reaches a layer. */
        GRADIENT_VANISHES,
        /** A layer's gradient is NaN or infinite, or suddenly much larger. */
        GRADIENT_EXPLODES,
        /** A step changes a layer's weights by much of their size. */
        UPDATES_EXPLODE,
        /** Many units of a layer never fire. */
        UNITS_DEAD;

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
            case GRADIENT_VANISHES -> "has a vanishing gradient";
            case GRADIENT_EXPLODES -> "has an exploding gradient";
            case UPDATES_EXPLODE -> "has exploding updates";
            case UNITS_DEAD -> "has dead units";
        };
        return subject + " " + verb + ": " + reason;
    }
}
