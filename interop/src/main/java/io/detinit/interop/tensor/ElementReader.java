package io.detinit.interop.tensor;

import io.detinit.generator.ReducedPrecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads elements through a buffer of its own, outside the heap: for passes over whole files. Unlike {@link TensorView#view} it maps
 * nothing, so that a pass leaves no pages in the process.
 *
 * <p>Not thread-safe; each thread has its own.
 */
public final class ElementReader {

    /** Bytes read at once. */
    private static final int PIECE = 1 << 20;

    /** The most elements that {@link #show} shows. */
    public static final int MOST_SHOWN = PIECE / Float.BYTES;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    private final FloatBuffer singles = bytes.asFloatBuffer();

    /** What the buffer holds; nothing where there is no tensor. */
    private @Nullable TensorView held;

    private long heldFrom;
    private long heldEnd;

    /** A reader with its buffer, {@code 2^20} bytes. */
    public ElementReader() {}

    /**
     * Reads elements ahead, all at once: until something else is read, those that are asked for come from memory. Does nothing where
     * they are more than the buffer takes.
     *
     * @param tensor the tensor
     * @param from the first element
     * @param count how many
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the range lies outside the tensor
     */
    public void ahead(TensorView tensor, long from, int count) throws IOException {
        if (count <= PIECE / tensor.info().dtype().bytes() && !holds(tensor, from, count)) {
            read(tensor, from, count);
            held = tensor;
            heldFrom = from;
            heldEnd = from + count;
        }
    }

    /**
     * Reads elements of an F32 tensor, or has read them ahead, and shows them where they lie.
     *
     * @param tensor an F32 tensor
     * @param from the first element
     * @param count how many, at most {@value #MOST_SHOWN}
     * @return the elements from index 0 to the limit, until something else is read
     * @throws IOException if reading fails
     * @throws UnsupportedOperationException if the dtype is not F32
     * @throws IndexOutOfBoundsException if the range lies outside the tensor, or is too long
     */
    public FloatBuffer show(TensorView tensor, long from, int count) throws IOException {
        if (tensor.info().dtype() != DType.F32) {
            throw new UnsupportedOperationException(
                    tensor.info().name() + ": " + tensor.info().dtype() + " is not F32");
        }
        Objects.checkFromIndexSize(0, count, MOST_SHOWN);
        ahead(tensor, from, count);
        return singles.slice((int) (from - heldFrom), count);
    }

    /**
     * Reads elements as float32, as {@link TensorView#readFloats} does.
     *
     * @param tensor a floating-point tensor
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if reading fails
     * @throws UnsupportedOperationException if the dtype is not a floating-point one
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void floats(TensorView tensor, long from, float[] destination, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, destination.length);
        TensorInfo info = tensor.info();
        int most = PIECE / info.dtype().bytes();
        for (int done = 0; done < count; done += most) {
            int length = Math.min(most, count - done);
            decode(info, read(tensor, from + done, length), destination, offset + done, length);
        }
    }

    /**
     * Reads the elements of an F64 tensor, as {@link TensorView#readDoubles} does.
     *
     * @param tensor an F64 tensor
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if reading fails
     * @throws UnsupportedOperationException if the dtype is not F64
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void doubles(TensorView tensor, long from, double[] destination, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, destination.length);
        if (tensor.info().dtype() != DType.F64) {
            throw new UnsupportedOperationException(
                    tensor.info().name() + ": " + tensor.info().dtype() + " is not F64");
        }
        int most = PIECE / Double.BYTES;
        for (int done = 0; done < count; done += most) {
            int length = Math.min(most, count - done);
            read(tensor, from + done, length).asDoubleBuffer().get(destination, offset + done, length);
        }
    }

    private boolean holds(TensorView tensor, long from, int count) {
        return tensor == held && from >= heldFrom && from + count <= heldEnd;
    }

    private ByteBuffer read(TensorView tensor, long from, int count) throws IOException {
        int size = tensor.info().dtype().bytes();
        if (holds(tensor, from, count)) {
            int first = (int) (from - heldFrom) * size;
            return bytes.slice(first, count * size).order(ByteOrder.LITTLE_ENDIAN);
        }
        held = null;
        bytes.clear().limit(count * size);
        tensor.readBytes(from * size, bytes);
        return bytes.flip();
    }

    /** Elements of a little-endian buffer, from its first byte on. */
    static void decode(TensorInfo info, ByteBuffer bytes, float[] destination, int offset, int count) {
        switch (info.dtype()) {
            case F32 -> bytes.asFloatBuffer().get(destination, offset, count);
            case F16 -> {
                for (int k = 0; k < count; k++) {
                    destination[offset + k] = ReducedPrecision.fromFloat16(bytes.getShort(2 * k));
                }
            }
            case BF16 -> {
                for (int k = 0; k < count; k++) {
                    destination[offset + k] = ReducedPrecision.fromBfloat16(bytes.getShort(2 * k));
                }
            }
            case F64 -> {
                for (int k = 0; k < count; k++) {
                    destination[offset + k] = (float) bytes.getDouble(8 * k);
                }
            }
            default ->
                throw new UnsupportedOperationException(info.name() + ": " + info.dtype() + " is not a float type");
        }
    }
}
