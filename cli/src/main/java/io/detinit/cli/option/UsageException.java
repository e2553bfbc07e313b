package io.detinit.cli.option;

/** The command line asks for something that makes no sense. The message is one line. */
public final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * A mistake.
     *
     * @param message one line
     */
    public UsageException(String message) {
        super(message);
    }
}
