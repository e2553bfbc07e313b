package io.detinit.interop.delta;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A tensor of zero bits.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param info what it is
 */
record ZeroTensor(TensorInfo info) implements TensorView {

    private static final int PIECE = 1 << 16;

    @Override
    public void readBytes(long position, ByteBuffer destination) {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        byte[] zeros = new byte[Math.min(PIECE, destination.remaining())];
        while (destination.hasRemaining()) {
            destination.put(zeros, 0, Math.min(zeros.length, destination.remaining()));
        }
    }
}
