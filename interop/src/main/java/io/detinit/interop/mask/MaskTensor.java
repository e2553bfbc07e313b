package io.detinit.interop.mask;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A mask seen as a U8 tensor of zeros and ones. Nothing is stored; safe for use by many threads. */
final class MaskTensor implements TensorView {

    private final TensorInfo info;
    private final Mask mask;

    MaskTensor(String name, Mask mask) {
        this.info = new TensorInfo(name, DType.U8, mask.shape(), TensorInfo.Kind.BUFFER);
        this.mask = mask;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        long end = position + destination.remaining();
        for (long element = position; element < end; element++) {
            destination.put((byte) (mask.keeps(element) ? 1 : 0));
        }
    }
}
