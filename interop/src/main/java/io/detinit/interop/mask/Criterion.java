package io.detinit.interop.mask;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * By what weights are ranked; those with the lowest score are pruned first. Names and formulas follow Zhou et al. 2019,
 * "Deconstructing Lottery Tickets: Zeros, Signs, and the Supermask"; w is the trained weight, w0 the initial one.
 *
 * <p>Scores are formed in float32 (in double for F64, and rounded to float32 where they are ranked), from w0 in the precision of
 * the file. A NaN ranks above all, so it is kept.
 *
 * <p>Each criterion has a form {@code _same_sign}: weights whose sign differs from that of w0 go first, lowest score first; then
 * the others. Signs differ where w and w0 lie on opposite sides of zero; a zero of either sign, and a NaN, differs from nothing.
 */
public enum Criterion {
    /** |w - w0|: how far the weight moved. Not the gradient-based "movement pruning" of Sanh et al. 2020. */
    MOVEMENT(Score.MOVEMENT, false),
    /** |w|: the classic magnitude criterion; {@code large_final} is another name of it. */
    MAGNITUDE(Score.MAGNITUDE, false),
    /** |w0|. */
    LARGE_INIT(Score.LARGE_INIT, false),
    /** min(|w|, |w0|): min(alpha |w|, |w0|) with alpha = 1, so that both have the same unit. */
    LARGE_INIT_LARGE_FINAL(Score.LARGE_INIT_LARGE_FINAL, false),
    /** -|w0|: large initial weights go first. */
    SMALL_INIT(Score.SMALL_INIT, false),
    /** -|w|: large trained weights go first. */
    SMALL_FINAL(Score.SMALL_FINAL, false),
    /** -max(|w|, |w0|): -max(alpha |w|, |w0|) with alpha = 1. */
    SMALL_INIT_SMALL_FINAL(Score.SMALL_INIT_SMALL_FINAL, false),
    /** |w| - |w0|: what shrank most goes first. */
    MAGNITUDE_INCREASE(Score.MAGNITUDE_INCREASE, false),
    /** A number that is a function of a seed and the weight's address: the control that any other criterion has to beat. */
    RANDOM(Score.RANDOM, false),
    /** {@link #MOVEMENT}, weights that changed sign first. */
    MOVEMENT_SAME_SIGN(Score.MOVEMENT, true),
    /** {@link #MAGNITUDE}, weights that changed sign first; {@code large_final_same_sign} is another name of it. */
    MAGNITUDE_SAME_SIGN(Score.MAGNITUDE, true),
    /** {@link #LARGE_INIT}, weights that changed sign first. */
    LARGE_INIT_SAME_SIGN(Score.LARGE_INIT, true),
    /** {@link #LARGE_INIT_LARGE_FINAL}, weights that changed sign first. */
    LARGE_INIT_LARGE_FINAL_SAME_SIGN(Score.LARGE_INIT_LARGE_FINAL, true),
    /** {@link #SMALL_INIT}, weights that changed sign first. */
    SMALL_INIT_SAME_SIGN(Score.SMALL_INIT, true),
    /** {@link #SMALL_FINAL}, weights that changed sign first. */
    SMALL_FINAL_SAME_SIGN(Score.SMALL_FINAL, true),
    /** {@link #SMALL_INIT_SMALL_FINAL}, weights that changed sign first. */
    SMALL_INIT_SMALL_FINAL_SAME_SIGN(Score.SMALL_INIT_SMALL_FINAL, true),
    /** {@link #MAGNITUDE_INCREASE}, weights that changed sign first. */
    MAGNITUDE_INCREASE_SAME_SIGN(Score.MAGNITUDE_INCREASE, true),
    /** {@link #RANDOM}, weights that changed sign first. */
    RANDOM_SAME_SIGN(Score.RANDOM, true);

    private static final String LARGE_FINAL = "large_final";

    private final Score score;
    private final boolean sameSign;

    Criterion(Score score, boolean sameSign) {
        this.score = score;
        this.sameSign = sameSign;
    }

    /** {@return the name on the command line and in files; {@code magnitude} for what is also called large_final} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it, or with {@code large_final} for {@code magnitude}
     * @return the criterion
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static Criterion parse(String name) {
        String id = name.startsWith(LARGE_FINAL) ? MAGNITUDE.id() + name.substring(LARGE_FINAL.length()) : name;
        for (Criterion criterion : values()) {
            if (criterion.id().equals(id)) {
                return criterion;
            }
        }
        String known = Arrays.stream(values())
                .filter(criterion -> !criterion.sameSign)
                .map(Criterion::id)
                .collect(Collectors.joining(", "));
        throw new IllegalArgumentException("unknown criterion '" + name + "'; known: " + known + "; " + LARGE_FINAL
                + " (magnitude); and each with _same_sign");
    }

    /** {@return whether the ranking depends on the initial weight} */
    public boolean needsInit() {
        return sameSign || score.needsInit();
    }

    /** {@return whether weights whose sign differs from that of w0 go first} */
    public boolean isSameSign() {
        return sameSign;
    }

    /** {@return whether the ranking depends on a seed of its own} */
    public boolean isRandom() {
        return score == Score.RANDOM;
    }

    /** {@return whether scores can lie above 0} */
    public boolean canBePositive() {
        return score.canBePositive();
    }

    /** {@return whether scores can lie below 0} */
    public boolean canBeNegative() {
        return score.canBeNegative();
    }

    Score score() {
        return score;
    }
}
