package io.detinit.interop.mask;

/**
 * What a criterion ranks by, before signs are looked at. For F32, F16 and BF16 it is formed in float32, for F64 in double; a zero
 * has no sign.
 *
 * <p>Immutable; safe for use by many threads.
 */
enum Score {
    /** |w - w0|. */
    MOVEMENT(true, true, false),
    /** |w|. */
    MAGNITUDE(false, true, false),
    /** |w0|. */
    LARGE_INIT(true, true, false),
    /** min(|w|, |w0|). */
    LARGE_INIT_LARGE_FINAL(true, true, false),
    /** -|w0|. */
    SMALL_INIT(true, false, true),
    /** -|w|. */
    SMALL_FINAL(false, false, true),
    /** -max(|w|, |w0|). */
    SMALL_INIT_SMALL_FINAL(true, false, true),
    /** |w| - |w0|. */
    MAGNITUDE_INCREASE(true, true, true),
    /** A number in [0, 1) that is a function of a seed and the weight's address alone. */
    RANDOM(false, true, false);

    private final boolean needsInit;
    private final boolean positive;
    private final boolean negative;

    Score(boolean needsInit, boolean positive, boolean negative) {
        this.needsInit = needsInit;
        this.positive = positive;
        this.negative = negative;
    }

    boolean needsInit() {
        return needsInit;
    }

    /** Whether it can lie above 0. */
    boolean canBePositive() {
        return positive;
    }

    /** Whether it can lie below 0. */
    boolean canBeNegative() {
        return negative;
    }

    /**
     * The scores of float32 weights, one loop for each kind so that it can be vectorised.
     *
     * @param w the weights
     * @param w0 their initial values; not looked at where they are not needed
     * @param scores receives the scores; a NaN where one of them is NaN
     * @param count how many
     */
    void fill(float[] w, float[] w0, float[] scores, int count) {
        switch (this) {
            case MOVEMENT -> movement(w, w0, scores, count);
            case MAGNITUDE, SMALL_FINAL -> size(w, scores, count);
            case LARGE_INIT, SMALL_INIT -> size(w0, scores, count);
            case LARGE_INIT_LARGE_FINAL -> smaller(w, w0, scores, count);
            case SMALL_INIT_SMALL_FINAL -> larger(w, w0, scores, count);
            case MAGNITUDE_INCREASE -> increase(w, w0, scores, count);
            case RANDOM -> throw new IllegalStateException("random looks at no weights");
        }
        if (!positive) {
            negate(scores, count);
        }
    }

    /**
     * The score of a float64 weight.
     *
     * @param w the weight
     * @param w0 its initial value
     * @return the score; NaN where one of them is NaN
     */
    double of(double w, double w0) {
        return switch (this) {
            case MOVEMENT -> Math.abs(w - w0);
            case MAGNITUDE -> Math.abs(w);
            case LARGE_INIT -> Math.abs(w0);
            case LARGE_INIT_LARGE_FINAL -> Math.min(Math.abs(w), Math.abs(w0));
            case SMALL_INIT -> 0 - Math.abs(w0);
            case SMALL_FINAL -> 0 - Math.abs(w);
            case SMALL_INIT_SMALL_FINAL -> 0 - Math.max(Math.abs(w), Math.abs(w0));
            case MAGNITUDE_INCREASE -> Math.abs(w) - Math.abs(w0);
            case RANDOM -> throw new IllegalStateException("random looks at no weights");
        };
    }

    private static void movement(float[] w, float[] w0, float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = Math.abs(w[k] - w0[k]);
        }
    }

    private static void size(float[] w, float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = Math.abs(w[k]);
        }
    }

    private static void smaller(float[] w, float[] w0, float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = Math.min(Math.abs(w[k]), Math.abs(w0[k]));
        }
    }

    private static void larger(float[] w, float[] w0, float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = Math.max(Math.abs(w[k]), Math.abs(w0[k]));
        }
    }

    private static void increase(float[] w, float[] w0, float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = Math.abs(w[k]) - Math.abs(w0[k]);
        }
    }

    private static void negate(float[] scores, int count) {
        for (int k = 0; k < count; k++) {
            scores[k] = 0 - scores[k];
        }
    }
}
