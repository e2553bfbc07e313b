package io.detinit.generator;

/** A plan that contradicts itself or does not fit the model it is used for. The message is one line and names the tensor. */
public final class InvalidPlanException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * A plan that cannot be used.
     *
     * @param message the tensor, what was found, what was expected
     */
    public InvalidPlanException(String message) {
        super(message);
    }

    /**
     * A plan that cannot be used.
     *
     * @param message the tensor, what was found, what was expected
     * @param cause what found it
     */
    public InvalidPlanException(String message, Throwable cause) {
        super(message, cause);
    }
}
