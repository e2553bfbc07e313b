package io.detinit.interop.shrink;

/** A model as a whole stays as it is; the message says why. */
final class ObstacleException extends Exception {

    private static final long serialVersionUID = 1L;

    ObstacleException(String reason) {
        super(reason);
    }
}
