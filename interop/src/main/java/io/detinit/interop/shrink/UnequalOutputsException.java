package io.detinit.interop.shrink;

import java.io.IOException;

/** A smaller model gave other outputs, and was not written. The message is one line. */
public final class UnequalOutputsException extends IOException {

    private static final long serialVersionUID = 1L;

    UnequalOutputsException(String message) {
        super(message);
    }
}
