package io.detinit.interop.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Bytes that are read by position: a file, a part of one, or memory. Implementations are safe for use by many threads while
 * what is behind them is open.
 */
public interface ByteSource {

    /** The longest {@link #view} that every source gives. */
    int MAX_VIEW = 1 << 26;

    /** {@return what messages call it: a path, perhaps with a part of it} */
    String name();

    /** {@return the number of bytes} */
    long size();

    /**
     * Fills a buffer up to its limit.
     *
     * @param position the first byte
     * @param destination receives the bytes
     * @throws IOException if reading fails or the file became shorter
     * @throws IndexOutOfBoundsException if the range lies outside
     */
    void read(long position, ByteBuffer destination) throws IOException;

    /**
     * The bytes of a range, without a copy where the source allows that.
     *
     * @param position the first byte
     * @param length how many, at most {@link #MAX_VIEW}
     * @return a read-only buffer of that many bytes, little-endian, valid while the source is open
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the range lies outside or is too long
     */
    ByteBuffer view(long position, int length) throws IOException;

    /**
     * Where a byte lies in the file behind this source, for messages.
     *
     * @param position a position in this source
     * @return the position in the file; in memory the position itself
     */
    default long filePosition(long position) {
        return position;
    }

    /** {@return the file or memory that the bytes lie in: this source itself unless it is a part of another} */
    default ByteSource origin() {
        return this;
    }

    /**
     * Where a byte lies in {@link #origin}.
     *
     * @param position a position in this source
     * @return the position there
     */
    default long originPosition(long position) {
        return position;
    }

    /**
     * Whether many small reads cost no more than few large ones, as on a local disk, so that nothing is gained by reading ahead.
     *
     * @return whether they do; a source that does not know says no
     * @throws IOException if the source cannot be opened
     */
    default boolean isNear() throws IOException {
        return false;
    }

    /**
     * A part of this source.
     *
     * @param name what messages call it
     * @param from the first byte
     * @param length how many bytes
     * @return the part; valid as long as this source is
     * @throws IndexOutOfBoundsException if the range lies outside
     */
    default ByteSource part(String name, long from, long length) {
        Objects.checkFromIndexSize(from, length, size());
        return new BytePart(name, this, from, length);
    }

    /**
     * All of a small source.
     *
     * @param limit the most bytes that are read
     * @return its bytes
     * @throws MalformedFileException if there are more
     * @throws IOException if reading fails
     */
    default byte[] readAll(int limit) throws IOException {
        if (size() > limit) {
            throw MalformedFileException.of(name(), "size", size() + " bytes", "at most " + limit);
        }
        byte[] bytes = new byte[(int) size()];
        read(0, ByteBuffer.wrap(bytes));
        return bytes;
    }
}
