package io.detinit.interop.tensor;

import io.detinit.generator.TensorShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A tensor whose bytes are in memory.
 *
 * <p>Safe for use by many threads while nobody changes the bytes.
 */
public final class ArrayTensor implements TensorView {

    private final TensorInfo info;
    private final ByteBuffer bytes;

    private ArrayTensor(TensorInfo info, ByteBuffer bytes) {
        if (bytes.remaining() != info.bytes()) {
            throw new IllegalArgumentException("tensor '" + info.name() + "' of shape " + info.shape() + " and dtype "
                    + info.dtype() + " has " + bytes.remaining() + " bytes; it must have " + info.bytes());
        }
        this.info = info;
        this.bytes = bytes;
    }

    /**
     * A float32 parameter.
     *
     * @param name its name
     * @param shape its shape
     * @param values its elements, row-major; copied
     * @return the tensor
     * @throws IllegalArgumentException if the number of values does not fit the shape
     */
    public static ArrayTensor of(String name, TensorShape shape, float[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return new ArrayTensor(new TensorInfo(name, DType.F32, shape, TensorInfo.Kind.PARAMETER), bytes);
    }

    /**
     * A tensor of any dtype.
     *
     * @param info what it is
     * @param littleEndian its elements, from position to limit; not copied
     * @return the tensor
     * @throws IllegalArgumentException if the number of bytes does not fit the shape
     */
    public static ArrayTensor of(TensorInfo info, ByteBuffer littleEndian) {
        return new ArrayTensor(info, littleEndian.slice());
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        destination.put(bytes.duplicate().slice((int) position, destination.remaining()));
    }
}
