package io.detinit.interop.identify;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Objects;

/** The first elements of a tensor, in memory; the others cannot be read. Immutable. */
final class TensorHead implements TensorView, Serializable {

    private static final long serialVersionUID = 1L;

    private final TensorInfo info;
    private final byte[] bytes;

    private TensorHead(TensorInfo info, byte[] bytes) {
        this.info = info;
        this.bytes = bytes;
    }

    /** Reads at most so many elements. */
    static TensorHead of(TensorView view, int most) throws IOException {
        long elements = Math.min(most, view.info().shape().elements());
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(view.info().dtype().bytesOf(elements)));
        view.readBytes(0, bytes);
        return new TensorHead(view.info(), bytes.array());
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) {
        Objects.checkFromIndexSize(position, destination.remaining(), bytes.length);
        destination.put(bytes, (int) position, destination.remaining());
    }
}
