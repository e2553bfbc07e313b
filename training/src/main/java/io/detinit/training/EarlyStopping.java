package io.detinit.training;

/**
 * When to stop before the last epoch: after so many epochs in a row whose validation loss was not better than the best by more than a
 * margin. The weights of the best epoch are kept.
 *
 * @param patience how many epochs, >= 1; 0 for never
 * @param minDelta how much lower than the best a loss must be to count as better, >= 0
 */
public record EarlyStopping(int patience, double minDelta) {

    /** All epochs are trained, and the weights of the last are kept. */
    public static final EarlyStopping NEVER = new EarlyStopping(0, 0);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is negative or not finite
     */
    public EarlyStopping {
        if (patience < 0) {
            throw new IllegalArgumentException("a patience of " + patience + " epochs: it must be 1 or more");
        }
        if (!(minDelta >= 0) || Double.isInfinite(minDelta)) {
            throw new IllegalArgumentException(
                    "a smallest improvement of " + minDelta + ": it must be 0 or more, and finite");
        }
    }

    /** {@return whether training may stop early} */
    public boolean isOn() {
        return patience > 0;
    }
}
