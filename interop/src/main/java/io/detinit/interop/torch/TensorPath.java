package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;

/**
 * Names of tensors: keys and positions on the way to them, joined with dots.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TensorPath {

    private static final int MAX_NAME = 1 << 12;
    private static final int SHOWN = 40;

    private TensorPath() {}

    /**
     * A name one step further.
     *
     * @param file for messages
     * @param name the name so far; empty at the root
     * @param key the step
     * @return both, joined with a dot
     * @throws MalformedFileException if that is longer than any name of anybody's
     */
    static String join(String file, String name, String key) throws MalformedFileException {
        if (name.length() + key.length() > MAX_NAME) {
            throw MalformedFileException.of(
                    file,
                    "tensor '" + name.substring(0, Math.min(SHOWN, name.length())) + "...'",
                    "a name of more than " + MAX_NAME + " characters",
                    "a shorter one");
        }
        return name.isEmpty() ? key : name + "." + key;
    }
}
