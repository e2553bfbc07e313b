package io.detinit.interop.init;

import io.detinit.generator.TensorInit;
import io.detinit.generator.WeightType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A tensor whose elements are its initial values, computed when they are asked for, on all cores. F16 and BF16 are the float32
 * value rounded once more, F64 is the nearest double.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class InitialTensor implements TensorView {

    private final TensorInfo info;
    private final TensorInit init;
    private final WeightType type;

    /**
     * Makes the tensor.
     *
     * @param info what it replaces: a floating-point tensor
     * @param init its initial values, of the same shape
     * @throws IllegalArgumentException if the shapes differ or the dtype is not a floating-point one
     */
    public InitialTensor(TensorInfo info, TensorInit init) {
        this.info = info;
        this.init = Objects.requireNonNull(init, "init");
        if (!info.shape().equals(init.shape())) {
            throw new IllegalArgumentException("tensor '" + info.name() + "' has the shape " + info.shape()
                    + ", its initial values " + init.shape());
        }
        this.type = type(info);
    }

    private static WeightType type(TensorInfo info) {
        return switch (info.dtype()) {
            case F32 -> WeightType.FLOAT32;
            case F16 -> WeightType.FLOAT16;
            case BF16 -> WeightType.BFLOAT16;
            case F64 -> WeightType.FLOAT64;
            default ->
                throw new IllegalArgumentException("tensor '" + info.name() + "' is " + info.dtype()
                        + "; initial values are F64, F32, F16 or BF16");
        };
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = type.bytes();
        if (position % size == 0 && destination.remaining() % size == 0) {
            ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            init.fillParallel(position / size, out.remaining() / size, type, out);
            destination.position(destination.limit());
        } else {
            whole(position, destination);
        }
    }

    /** A range that begins or ends inside an element. */
    private void whole(long position, ByteBuffer destination) throws IOException {
        int size = type.bytes();
        long first = position / size;
        long end = (position + destination.remaining() + size - 1) / size;
        ByteBuffer elements =
                ByteBuffer.allocate(Math.toIntExact((end - first) * size)).order(ByteOrder.LITTLE_ENDIAN);
        init.fill(first, end - first, type, elements);
        destination.put(elements.slice((int) (position - first * size), destination.remaining()));
    }
}
