package io.detinit.interop.mask;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * By what weights are ranked; those with the lowest score are pruned first. Names follow Zhou et al. 2019, "Deconstructing
 * Lottery Tickets".
 */
public enum Criterion {
    /** |w - w0|: how far the weight moved. Not the gradient-based "movement pruning" of Sanh et al. 2020. */
    MOVEMENT,
    /** |w|: the classic magnitude criterion (large_final). */
    MAGNITUDE;

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it
     * @return the criterion
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static Criterion parse(String name) {
        for (Criterion criterion : values()) {
            if (criterion.id().equals(name)) {
                return criterion;
            }
        }
        List<String> known = Arrays.stream(values()).map(Criterion::id).toList();
        throw new IllegalArgumentException("unknown criterion '" + name + "'; known: " + String.join(", ", known));
    }

    /** {@return whether the score depends on the initial weight} */
    public boolean needsInit() {
        return this != MAGNITUDE;
    }

    /**
     * The score of a weight.
     *
     * @param w the weight
     * @param delta w - w0
     * @return the score, >= 0, as float32; a NaN ranks above all
     */
    float score(double w, double delta) {
        float score = (float) Math.abs(this == MOVEMENT ? delta : w);
        return Float.isNaN(score) ? Float.POSITIVE_INFINITY : score;
    }

    /**
     * Whether a weight's score lies above a limit.
     *
     * @param w the weight
     * @param delta w - w0
     * @param limit the limit
     * @param wide whether to compare in double, else in float32
     * @return true where it does, and where it is NaN
     */
    boolean isAbove(double w, double delta, double limit, boolean wide) {
        double score = Math.abs(this == MOVEMENT ? delta : w);
        return wide ? !(score <= limit) : !((float) score <= (float) limit);
    }
}
