package io.detinit.interop.numpy;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An array to be written: a header, and elements in its byte order.
 *
 * @param header the header's bytes
 * @param elements row by row
 * @param type how they are stored
 */
record NpyContent(ByteBuffer header, TensorView elements, NpyType type) {

    private static final int CHUNK = 1 << 20;

    /** Receives the pieces. */
    @FunctionalInterface
    interface Sink {
        /**
         * Writes one piece.
         *
         * @param bytes from position to limit
         * @throws IOException if writing fails
         */
        void write(ByteBuffer bytes) throws IOException;
    }

    /** {@return how many bytes will be written} */
    long size() {
        return header.remaining() + elements.info().bytes();
    }

    /**
     * Writes header and elements.
     *
     * @param sink receives them
     * @throws IOException if reading or writing fails
     */
    void write(Sink sink) throws IOException {
        sink.write(header.duplicate());
        long size = elements.info().bytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, size));
        for (long at = 0; at < size; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), size - at));
            elements.readBytes(at, chunk);
            chunk.flip();
            if (type.bigEndian()) {
                ByteSwap.numbers(chunk, type.numberBytes());
            }
            sink.write(chunk.duplicate());
        }
    }
}
