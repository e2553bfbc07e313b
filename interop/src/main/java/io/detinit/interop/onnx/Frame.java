package io.detinit.interop.onnx;

import org.jspecify.annotations.Nullable;

/**
 * Where a message lies in a model file, and in which other one.
 *
 * @param parent the message around it, null for the model itself
 * @param field the number of the parent's field whose value it is
 * @param fieldStart the first byte of that field's tag; -1 for the model itself
 * @param from its first byte
 * @param to the byte after its last
 */
record Frame(@Nullable Frame parent, int field, long fieldStart, long from, long to) {

    /** The whole file. */
    static Frame model(long size) {
        return new Frame(null, 0, -1, 0, size);
    }
}
