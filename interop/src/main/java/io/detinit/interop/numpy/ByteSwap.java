package io.detinit.interop.numpy;

import java.nio.ByteBuffer;

/**
 * Turns numbers between the two byte orders.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ByteSwap {

    private ByteSwap() {}

    /**
     * Reverses the bytes of each number in place.
     *
     * @param bytes from index 0 to the limit, a whole number of numbers; position and order are not used
     * @param size bytes of one number: 2, 4 or 8
     */
    static void numbers(ByteBuffer bytes, int size) {
        for (int at = 0; at < bytes.limit(); at += size) {
            switch (size) {
                case 2 -> bytes.putShort(at, Short.reverseBytes(bytes.getShort(at)));
                case 4 -> bytes.putInt(at, Integer.reverseBytes(bytes.getInt(at)));
                case 8 -> bytes.putLong(at, Long.reverseBytes(bytes.getLong(at)));
                default -> throw new IllegalArgumentException(size + " bytes");
            }
        }
    }

    /** Reads any range of a content, which is turned number by number. */
    @FunctionalInterface
    interface Reader {
        /**
         * Fills a buffer.
         *
         * @param position the first byte
         * @param destination filled up to its limit
         * @throws java.io.IOException if reading fails
         */
        void read(long position, ByteBuffer destination) throws java.io.IOException;
    }

    /**
     * Reads a range with every number turned; the range need not begin or end with one.
     *
     * @param content the numbers in the other order
     * @param size bytes of one number
     * @param position the first byte wanted
     * @param destination filled up to its limit
     * @throws java.io.IOException if reading fails
     */
    static void read(Reader content, int size, long position, ByteBuffer destination) throws java.io.IOException {
        ByteBuffer piece = ByteBuffer.allocate(Math.min(1 << 16, destination.remaining() + 2 * size) / size * size);
        long at = position;
        while (destination.hasRemaining()) {
            long first = at / size * size;
            int skip = (int) (at - first);
            int wanted = Math.min(piece.capacity() - skip, destination.remaining());
            piece.clear().limit((skip + wanted + size - 1) / size * size);
            content.read(first, piece);
            numbers(piece, size);
            destination.put(piece.array(), skip, wanted);
            at += wanted;
        }
    }
}
