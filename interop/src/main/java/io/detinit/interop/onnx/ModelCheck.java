package io.detinit.interop.onnx;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** Looks at a model that has been written and is not yet in its place. */
@FunctionalInterface
public interface ModelCheck {

    /**
     * Looks at a model.
     *
     * @param model the whole file, open for reading; its position may be changed
     * @throws IOException to refuse it: then nothing is written
     */
    void check(FileChannel model) throws IOException;
}
