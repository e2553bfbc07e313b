package io.detinit.interop.file;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Reads by position, which many threads may do on one channel.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class PositionedRead {

    private PositionedRead() {}

    /**
     * Fills a buffer from its position up to its limit.
     *
     * @param channel open for reading
     * @param path the file, for messages
     * @param position the first byte to read
     * @param destination receives the bytes
     * @throws EOFException if the file ends before; it became shorter since its size was checked
     * @throws IOException if reading fails
     */
    public static void fully(FileChannel channel, Path path, long position, ByteBuffer destination) throws IOException {
        long at = position;
        while (destination.hasRemaining()) {
            int count = channel.read(destination, at);
            if (count < 0) {
                throw new EOFException(path + ": the file became shorter while it was read; nothing at byte " + at);
            }
            at += count;
        }
    }
}
