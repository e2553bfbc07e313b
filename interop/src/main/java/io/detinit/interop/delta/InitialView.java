package io.detinit.interop.delta;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A tensor that is its initial values, in the order and dtype of the model's file. Nothing is stored.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param info the tensor
 * @param initial its initial values, of the same shape and dtype
 */
record InitialView(TensorInfo info, StoredInitial initial) implements TensorView {

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = info.dtype().bytes();
        int most = Math.min(ChunkBits.BLOCK, destination.remaining() / size + 2);
        ByteBuffer block = ByteBuffer.allocate(most * size);
        long at = position;
        while (destination.hasRemaining()) {
            long first = at / size;
            int offset = (int) (at - first * size);
            int count = Math.min(most, (offset + destination.remaining() - 1) / size + 1);
            initial.fill(first, count, block.clear());
            int length = Math.min(destination.remaining(), count * size - offset);
            destination.put(block.slice(offset, length));
            at += length;
        }
    }
}
