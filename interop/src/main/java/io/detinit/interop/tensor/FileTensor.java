package io.detinit.interop.tensor;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor whose elements lie together, row-major and little-endian, in a source.
 *
 * @param info what it is
 * @param bytes its elements and nothing else
 * @param location where they lie, for people
 */
public record FileTensor(TensorInfo info, ByteSource bytes, String location) implements TensorView {

    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if the source has another size than the elements need
     */
    public FileTensor {
        if (bytes.size() != info.bytes()) {
            throw new IllegalArgumentException("tensor '" + info.name() + "' of shape " + info.shape() + " and dtype "
                    + info.dtype() + " has " + bytes.size() + " bytes; it must have " + info.bytes());
        }
    }

    /**
     * A tensor in a part of a source.
     *
     * @param info what it is
     * @param source where its elements lie
     * @param from the first byte of them
     * @return the tensor
     * @throws IndexOutOfBoundsException if they reach beyond the source
     */
    public static FileTensor in(TensorInfo info, ByteSource source, long from) {
        ByteSource part = source.part(source.name() + ": tensor '" + info.name() + "'", from, info.bytes());
        return new FileTensor(info, part, "byte " + source.filePosition(from));
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        bytes.read(position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        return bytes.view(position, length);
    }

    @Override
    public List<StoredPiece> pieces() {
        if (info.shape().elements() == 0 || !info.dtype().isWholeBytes()) {
            return List.of();
        }
        StridedBox box = StridedBox.contiguous(bytes.originPosition(0), info.shape());
        return List.of(new StoredPiece(bytes.origin(), box));
    }
}
