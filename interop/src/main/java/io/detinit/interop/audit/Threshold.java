package io.detinit.interop.audit;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;

/**
 * When a weight counts as moved.
 *
 * @param value >= 0; below 1 for {@link Kind#QUANTILE}, in (0, 1) for {@link Kind#AUTO}
 * @param kind what the value is
 */
public record Threshold(double value, Kind kind) implements Serializable {

    /** The false-alarm rate of {@code auto} where none is given. */
    public static final double FALSE_ALARM = 0.001;

    /** The article's threshold. */
    public static final Threshold DEFAULT = new Threshold(1e-5);

    /** What a threshold's value is. No kind is free of scale by itself: each says something else. */
    public enum Kind {
        /** Moved where |w - w0| > value, compared in float32 (in double for F64). */
        ABS,
        /**
         * Moved where |w - w0| > value * s, s the standard deviation of the tensor's initial values; where they are constant, s is
         * their absolute value, so that from zeros every change counts.
         */
        STD,
        /** Moved where more than this many representable numbers of the file's dtype lie from w0 to w. */
        ULP,
        /**
         * Moved where |w - w0| > the quantile of all audited |w - w0|, all tensors together: at 0.8 the fifth that moved most. Costs
         * two more passes.
         */
        QUANTILE,
        /**
         * Moved where |w - w0| is farther out than a weight without signal would be with the probability {@code value} (the
         * false-alarm rate): the two-sided normal quantile times the standard deviation that the training's noise record
         * predicts for this weight.
         */
        AUTO;

        /** {@return the name on the command line} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
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
            throw new IllegalArgumentException("unknown threshold kind '" + name + "'; known: "
                    + String.join(", ", Arrays.stream(values()).map(Kind::id).toList()));
        }
    }

    /**
     * Checks the value.
     *
     * @throws IllegalArgumentException if it is negative, NaN or infinite, a quantile of 1 or more, or a false-alarm rate outside (0, 1)
     */
    public Threshold {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("threshold " + value + " must be >= 0 and finite");
        }
        if (kind == Kind.QUANTILE && value >= 1) {
            throw new IllegalArgumentException("a quantile must lie in [0, 1), found " + value);
        }
        if (kind == Kind.AUTO && !(value > 0 && value < 1)) {
            throw new IllegalArgumentException("a false-alarm rate must lie in (0, 1), found " + value);
        }
    }

    /**
     * An absolute threshold.
     *
     * @param value a weight moved where |w - w0| > value
     * @throws IllegalArgumentException if it is negative, NaN or infinite
     */
    public Threshold(double value) {
        this(value, Kind.ABS);
    }

    /**
     * Reads what users write.
     *
     * @param text a number, or {@code KIND:NUMBER}, or {@code auto}
     * @param common the kind of a number without one
     * @param falseAlarm the false-alarm rate of {@code auto}
     * @return the threshold
     * @throws IllegalArgumentException if it is none of these
     */
    public static Threshold parse(String text, Kind common, double falseAlarm) {
        if (text.equals(Kind.AUTO.id())) {
            return new Threshold(falseAlarm, Kind.AUTO);
        }
        int colon = text.indexOf(':');
        Kind kind = colon < 0 ? common : Kind.parse(text.substring(0, colon));
        double value;
        try {
            value = Double.parseDouble(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "--threshold '" + text + "': expected a number, KIND:NUMBER, or auto", e);
        }
        return new Threshold(value, kind);
    }
}
