package io.detinit.interop.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * A tensor whose elements are read when asked for, in row-major order. Implementations are safe for use by many threads as
 * long as the file behind them is open.
 */
public interface TensorView {

    /** {@return name, dtype, shape and kind} */
    TensorInfo info();

    /**
     * Reads raw little-endian bytes.
     *
     * @param position the first byte, counted from the tensor's first element
     * @param destination filled up to its limit
     * @throws IOException if reading fails or the file is shorter than it was
     * @throws IndexOutOfBoundsException if the range lies outside the tensor
     */
    void readBytes(long position, ByteBuffer destination) throws IOException;

    /**
     * The bytes of a range, without a copy where they lie together, uncompressed and little-endian, in a file.
     *
     * @param position the first byte, counted from the tensor's first element
     * @param length how many, at most 2^26
     * @return a read-only buffer of that many bytes, little-endian, valid while the file is open
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the range lies outside the tensor
     */
    default ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, info().bytes());
        ByteBuffer bytes = ByteBuffer.allocate(length);
        readBytes(position, bytes);
        return bytes.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** {@return where the elements lie, for people, such as {@code byte 4096}; empty where they are in memory} */
    default String location() {
        return "";
    }

    /**
     * Where the elements lie, for readers in other places.
     *
     * @return the pieces of files that together hold every element once; none where there are no elements, or where they are made
     *     when they are asked for or are smaller than a byte
     * @throws IOException if that has to be looked up and reading fails
     */
    default List<StoredPiece> pieces() throws IOException {
        return List.of();
    }

    /**
     * Reads elements as float32. F16 and BF16 are exact, F64 is rounded.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if reading fails
     * @throws UnsupportedOperationException if the dtype is not a floating-point one
     */
    default void readFloats(long from, float[] destination, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, destination.length);
        ElementReader.decode(info(), readElements(from, count), destination, offset, count);
    }

    /**
     * Reads the elements of an F64 tensor.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IOException if reading fails
     * @throws UnsupportedOperationException if the dtype is not F64
     */
    default void readDoubles(long from, double[] destination, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, destination.length);
        if (info().dtype() != DType.F64) {
            throw new UnsupportedOperationException(info().name() + ": " + info().dtype() + " is not F64");
        }
        readElements(from, count).asDoubleBuffer().get(destination, offset, count);
    }

    private ByteBuffer readElements(long from, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, info().shape().elements());
        int size = info().dtype().bytes();
        return view(from * size, Math.multiplyExact(count, size));
    }
}
