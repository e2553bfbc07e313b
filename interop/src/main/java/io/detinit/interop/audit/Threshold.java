package io.detinit.interop.audit;

/**
 * When a weight counts as moved.
 *
 * @param value a weight moved where |w - w0| > value, compared in float32 (in double for F64); >= 0
 */
public record Threshold(double value) {

    /** The article's threshold. */
    public static final Threshold DEFAULT = new Threshold(1e-5);

    /**
     * Checks the value.
     *
     * @throws IllegalArgumentException if it is negative, NaN or infinite
     */
    public Threshold {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("threshold " + value + " must be >= 0 and finite");
        }
    }
}
