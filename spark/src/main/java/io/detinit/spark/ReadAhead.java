package io.detinit.spark;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A source that is read from front to back: a store answers a few large requests sooner than many small ones. One window is kept;
 * it ends where the reader will stop, so that no other reader's bytes are asked for. Safe for use by many threads, one at a time.
 */
final class ReadAhead implements ByteSource {

    /** Bytes asked for at once. */
    static final int WINDOW = 1 << 23;

    private final ByteSource source;
    private final long end;
    private byte[] window = new byte[0];
    private long from;
    private int length;

    /**
     * Reads ahead.
     *
     * @param source what is read
     * @param end the byte before which the reader stops; it may read on, slowly
     */
    ReadAhead(ByteSource source, long end) {
        this.source = source;
        this.end = Math.min(end, source.size());
    }

    @Override
    public String name() {
        return source.name();
    }

    @Override
    public long size() {
        return source.size();
    }

    @Override
    public synchronized void read(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), size());
        while (destination.hasRemaining()) {
            if (position < from || position >= from + length) {
                if (!fill(position)) {
                    source.read(position, destination);
                    return;
                }
            }
            int at = (int) (position - from);
            int count = Math.min(destination.remaining(), length - at);
            destination.put(window, at, count);
            position += count;
        }
    }

    private boolean fill(long position) throws IOException {
        int count = (int) Math.min(WINDOW, end - position);
        if (count <= 0) {
            return false;
        }
        if (window.length < count) {
            window = new byte[count];
        }
        length = 0;
        source.read(position, ByteBuffer.wrap(window, 0, count));
        from = position;
        length = count;
        return true;
    }

    @Override
    public ByteBuffer view(long position, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        read(position, bytes);
        return bytes.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
}
