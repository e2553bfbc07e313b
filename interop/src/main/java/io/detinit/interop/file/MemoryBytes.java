package io.detinit.interop.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Bytes in memory.
 *
 * <p>Safe for use by many threads while nobody changes the bytes.
 */
public final class MemoryBytes implements ByteSource {

    private final String name;
    private final ByteBuffer bytes;

    /**
     * Wraps bytes.
     *
     * @param name what messages call them
     * @param bytes not copied
     */
    public MemoryBytes(String name, byte[] bytes) {
        this.name = name;
        this.bytes = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return bytes.capacity();
    }

    @Override
    public void read(long position, ByteBuffer destination) {
        destination.put(view(position, destination.remaining()));
    }

    @Override
    public ByteBuffer view(long position, int length) {
        Objects.checkFromIndexSize(position, length, size());
        return bytes.slice((int) position, length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
