package io.detinit.interop.mask;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The bytes of a source, one after the other, read ahead in small pieces. Not thread-safe. */
final class SourceStream extends InputStream {

    private static final int AHEAD = 1 << 16;

    private final ByteSource source;
    private final ByteBuffer buffer = ByteBuffer.allocate(AHEAD).limit(0);
    private long next;

    SourceStream(ByteSource source) {
        this.source = source;
    }

    /** How many bytes were given out. */
    long position() {
        return next - buffer.remaining();
    }

    private boolean fill() throws IOException {
        if (!buffer.hasRemaining() && next < source.size()) {
            buffer.clear().limit((int) Math.min(AHEAD, source.size() - next));
            source.read(next, buffer);
            next += buffer.position();
            buffer.flip();
        }
        return buffer.hasRemaining();
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] destination, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, buffer.remaining());
        buffer.get(destination, offset, count);
        return count;
    }
}
