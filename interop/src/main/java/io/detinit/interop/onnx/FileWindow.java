package io.detinit.interop.onnx;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes of a file by position, through one small buffer: memory does not grow with the file. Not safe for use by several
 * threads; each makes its own.
 */
final class FileWindow {

    private static final int BYTES = 16 * 1024;

    private final ByteSource source;
    private final ByteBuffer window = ByteBuffer.allocate(BYTES);
    private long start;

    FileWindow(ByteSource source) {
        this.source = source;
        window.limit(0);
    }

    ByteSource source() {
        return source;
    }

    /** The file, for messages. */
    String name() {
        return source.name();
    }

    long size() {
        return source.size();
    }

    int unsignedByte(long position) throws IOException {
        long index = position - start;
        if (index < 0 || index >= window.limit()) {
            window.clear().limit((int) Math.min(BYTES, size() - position));
            source.read(position, window);
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
        source.read(from, ByteBuffer.wrap(bytes));
        return bytes;
    }

    MalformedFileException malformed(String where, long position, String found, String expected) {
        return MalformedFileException.of(name(), where + ", byte " + position, found, expected);
    }
}
