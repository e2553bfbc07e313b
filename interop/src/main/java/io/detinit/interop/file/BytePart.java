package io.detinit.interop.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A range of another source.
 *
 * @param name what messages call it
 * @param whole the other source
 * @param from its first byte there
 * @param size how many bytes
 */
record BytePart(String name, ByteSource whole, long from, long size) implements ByteSource {

    @Override
    public void read(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), size);
        whole.read(from + position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, size);
        return whole.view(from + position, length);
    }

    @Override
    public boolean isNear() throws IOException {
        return whole.isNear();
    }

    @Override
    public ByteSource origin() {
        return whole.origin();
    }

    @Override
    public long originPosition(long position) {
        return whole.originPosition(from + position);
    }

    @Override
    public long filePosition(long position) {
        return whole.filePosition(from + position);
    }
}
