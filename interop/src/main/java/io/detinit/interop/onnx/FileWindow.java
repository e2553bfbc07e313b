package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.PositionedRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Bytes of a file by position, through one small buffer: memory does not grow with the file. Not safe for use by several
 * threads; each makes its own.
 */
final class FileWindow {

    private static final int BYTES = 16 * 1024;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final ByteBuffer window = ByteBuffer.allocate(BYTES);
    private long start;

    FileWindow(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        window.limit(0);
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    int unsignedByte(long position) throws IOException {
        long index = position - start;
        if (index < 0 || index >= window.limit()) {
            window.clear().limit((int) Math.min(BYTES, size - position));
            PositionedRead.fully(channel, path, position, window);
            window.flip();
            start = position;
            index = 0;
        }
        return window.get((int) index) & 0xFF;
    }

    /** A fixed-width little-endian number of 4 or 8 bytes. */
    long littleEndian(long position, int bytes) throws IOException {
        long value = 0;
        for (int k = 0; k < bytes; k++) {
            value |= (long) unsignedByte(position + k) << (8 * k);
        }
        return value;
    }

    byte[] bytes(long from, long to) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(to - from)];
        if (bytes.length <= 256) { // names: mostly in the window already
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) unsignedByte(from + k);
            }
            return bytes;
        }
        PositionedRead.fully(channel, path, from, ByteBuffer.wrap(bytes));
        return bytes;
    }

    MalformedFileException malformed(String where, long position, String found, String expected) {
        return MalformedFileException.of(path, where + ", byte " + position, found, expected);
    }
}
