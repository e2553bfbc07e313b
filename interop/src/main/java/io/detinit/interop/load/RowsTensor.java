package io.detinit.interop.load;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Some rows of a tensor, under a name of their own, or all under another shape. */
final class RowsTensor implements TensorView {

    private final TensorView whole;
    private final TensorInfo info;
    private final long firstByte;

    /**
     * @param name the name of the part
     * @param whole a tensor of rank >= 1
     * @param from the first row
     * @param rows how many
     */
    RowsTensor(String name, TensorView whole, long from, long rows) {
        TensorInfo all = whole.info();
        Objects.checkFromIndexSize(from, rows, all.shape().dim(0));
        long[] dims = all.shape().dims();
        long rowBytes = dims[0] == 0 ? 0 : all.bytes() / dims[0];
        dims[0] = rows;
        this.whole = whole;
        this.firstByte = from * rowBytes;
        this.info = new TensorInfo(name, all.dtype(), TensorShape.of(dims), all.kind());
    }

    private RowsTensor(TensorView whole, TensorInfo info) {
        this.whole = whole;
        this.info = info;
        this.firstByte = 0;
    }

    /** All elements of a tensor under another shape of as many. */
    static RowsTensor reshaped(TensorView whole, TensorShape shape) {
        TensorInfo info = whole.info();
        if (shape.elements() != info.shape().elements()) {
            throw new IllegalArgumentException("tensor '" + info.name() + "' of shape " + info.shape() + " has "
                    + info.shape().elements() + " elements, and " + shape + " has " + shape.elements());
        }
        return new RowsTensor(whole, new TensorInfo(info.name(), info.dtype(), shape, info.kind()));
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        whole.readBytes(firstByte + position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, info.bytes());
        return whole.view(firstByte + position, length);
    }

    @Override
    public String location() {
        return whole.location();
    }
}
