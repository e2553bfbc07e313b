package io.detinit.interop.djl;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads what {@link java.io.DataOutputStream} wrote: big-endian numbers and modified UTF-8. Not safe for use by several threads. */
final class DjlCursor {

    /** The most axes a shape may have; DJL's engines allow fewer. */
    static final int MAX_RANK = 64;

    private static final int WINDOW = 1 << 16;

    private final ByteSource source;
    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowFrom;
    private long at;

    DjlCursor(ByteSource source) {
        this.source = source;
    }

    long position() {
        return at;
    }

    long remaining() {
        return source.size() - at;
    }

    /** Moves to a place that was checked to lie within the file. */
    void moveTo(long position) {
        at = position;
    }

    int readByte(String what) throws IOException {
        return take(1, what).get() & 0xFF;
    }

    int readUnsignedShort(String what) throws IOException {
        return take(2, what).getShort() & 0xFFFF;
    }

    int readInt(String what) throws IOException {
        return take(4, what).getInt();
    }

    long readLong(String what) throws IOException {
        return take(8, what).getLong();
    }

    /** A count that cannot be larger than the bytes that are left. */
    int readCount(String what, int max) throws IOException {
        long from = at;
        int count = readInt(what);
        if (count < 0 || count > Math.min(max, remaining())) {
            throw malformed(from, what + " " + count, "0 to " + Math.min(max, remaining()));
        }
        return count;
    }

    /** A string with its length in two bytes before it. */
    String readUtf(String what) throws IOException {
        long from = at;
        int length = readUnsignedShort(what);
        at = from;
        byte[] bytes = new byte[2 + length];
        take(bytes.length, what).get(bytes);
        try {
            return new DataInputStream(new ByteArrayInputStream(bytes)).readUTF();
        } catch (java.io.UTFDataFormatException e) {
            throw malformed(from, what + " that is no modified UTF-8", "a string");
        }
    }

    /** A shape as DJL encodes it: rank, axes, and one layout letter for each axis. */
    TensorShape readShape(String what) throws IOException {
        long from = at;
        long[] dims = new long[readCount(what + ": number of axes", MAX_RANK)];
        long elements = 1;
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = readLong(what);
            if (dims[axis] < 0) {
                throw malformed(from, what + " with the axis " + dims[axis], "axes >= 0");
            }
            try {
                elements = Math.multiplyExact(elements, Math.max(1, dims[axis]));
            } catch (ArithmeticException e) {
                throw malformed(from, what + " of 2^63 elements or more", "fewer");
            }
        }
        int letters = readInt(what + ": layout");
        if (letters != dims.length) {
            throw malformed(at - 4, "a layout of " + letters + " letters", dims.length + ", one for each axis");
        }
        take(2 * letters, what + ": layout");
        return TensorShape.of(dims);
    }

    /** Some bytes from here on, without moving; fewer at the end of the file. */
    byte[] peek(int most) throws IOException {
        byte[] bytes = new byte[(int) Math.min(most, remaining())];
        source.read(at, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private ByteBuffer take(int length, String what) throws IOException {
        if (length > remaining()) {
            throw malformed(at, "the end of the file", what + " (" + length + " bytes)");
        }
        long offset = at - windowFrom;
        if (offset < 0 || offset + length > window.capacity()) {
            window = ByteBuffer.allocate((int) Math.min(Math.max(WINDOW, length), remaining()));
            source.read(at, window);
            windowFrom = at;
            offset = 0;
        }
        at += length;
        return window.slice((int) offset, length);
    }

    MalformedFileException malformed(long position, String found, String expected) {
        return MalformedFileException.of(source.name(), "byte " + source.filePosition(position), found, expected);
    }
}
