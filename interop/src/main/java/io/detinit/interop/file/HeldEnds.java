package io.detinit.interop.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A source whose beginning and end are in memory, where a description of what lies between is read piece by piece and each read of a
 * store takes long. Safe for use by many threads as the source is.
 */
public final class HeldEnds implements ByteSource {

    private final ByteSource whole;
    private final byte[] head;
    private final byte[] tail;

    private HeldEnds(ByteSource whole, byte[] head, byte[] tail) {
        this.whole = whole;
        this.head = head;
        this.tail = tail;
    }

    /**
     * Reads both ends.
     *
     * @param whole the source
     * @param first how many bytes of the beginning
     * @param last how many bytes of the end
     * @return the same bytes
     * @throws IOException if reading fails
     */
    public static HeldEnds of(ByteSource whole, int first, int last) throws IOException {
        long size = whole.size();
        boolean all = size <= (long) first + last;
        byte[] head = new byte[all ? (int) size : first];
        byte[] tail = new byte[all ? 0 : last];
        whole.read(0, ByteBuffer.wrap(head));
        whole.read(size - tail.length, ByteBuffer.wrap(tail));
        return new HeldEnds(whole, head, tail);
    }

    @Override
    public String name() {
        return whole.name();
    }

    @Override
    public long size() {
        return whole.size();
    }

    @Override
    public void read(long position, ByteBuffer destination) throws IOException {
        int count = destination.remaining();
        Objects.checkFromIndexSize(position, count, size());
        long tailFrom = size() - tail.length;
        if (position + count <= head.length) {
            destination.put(head, (int) position, count);
        } else if (position >= tailFrom) {
            destination.put(tail, (int) (position - tailFrom), count);
        } else {
            whole.read(position, destination);
        }
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, size());
        if (position + length > head.length && position < size() - tail.length) {
            return whole.view(position, length);
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        read(position, bytes);
        return bytes.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public ByteSource origin() {
        return whole.origin();
    }

    @Override
    public long originPosition(long position) {
        return whole.originPosition(position);
    }

    @Override
    public long filePosition(long position) {
        return whole.filePosition(position);
    }
}
