package io.detinit.interop.torch;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The part of a tensor that a box cuts out.
 *
 * @param info the part's name and shape
 * @param whole the tensor, of the same dtype
 * @param box where in it
 */
record BoxTensor(TensorInfo info, TensorView whole, Box box) implements TensorView {

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = info.dtype().bytes();
        long[] part = info.shape().dims();
        long[] dims = whole.info().shape().dims();
        int limit = destination.limit();
        for (long at = position; destination.position() < limit; ) {
            long[] index = Box.index(at / size, part);
            for (int axis = 0; axis < dims.length; axis++) {
                index[axis] += box.begin(axis);
            }
            long run = box.run(index, dims) * size - at % size;
            int count = (int) Math.min(run, limit - destination.position());
            destination.limit(destination.position() + count);
            whole.readBytes(Box.flat(index, dims) * size + at % size, destination);
            destination.limit(limit);
            at += count;
        }
    }
}
