package io.detinit.interop.tensor;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;

/**
 * A box of a tensor whose elements lie at regular distances: element {@code i} is {@code position + sum(i[axis] * strides[axis])}
 * elements from the file's start, {@code position} in bytes.
 *
 * <p>Immutable; nobody changes the arrays.
 */
public final class StridedBox implements PieceLayout {

    private static final long serialVersionUID = 1L;

    private final long position;
    private final ElementForm form;
    private final long[] begin;
    private final long[] sizes;
    private final long[] strides;

    /**
     * A box.
     *
     * @param position the byte of the file at which its first element lies
     * @param form what has to be turned on reading
     * @param begin its first element in the tensor, one number for each axis
     * @param sizes its shape
     * @param strides elements between neighbours along each axis, >= 0
     */
    public StridedBox(long position, ElementForm form, long[] begin, long[] sizes, long[] strides) {
        this.position = position;
        this.form = form;
        this.begin = begin;
        this.sizes = sizes;
        this.strides = strides;
    }

    /**
     * A whole tensor whose elements lie together, row-major and little-endian.
     *
     * @param position the byte of the file at which its first element lies
     * @param shape its shape
     * @return the box
     */
    public static StridedBox contiguous(long position, TensorShape shape) {
        long[] sizes = shape.dims();
        return new StridedBox(position, ElementForm.PLAIN, new long[sizes.length], sizes, rowMajor(sizes));
    }

    /**
     * The same elements in another place of the tensor.
     *
     * @param first the place of the first one
     * @return the box
     */
    public StridedBox at(long[] first) {
        return new StridedBox(position, form, first, sizes, strides);
    }

    /** The strides of elements that lie together. */
    static long[] rowMajor(long[] sizes) {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= sizes[axis];
        }
        return strides;
    }

    /** {@return the byte of the file at which the first element lies} */
    public long position() {
        return position;
    }

    /** {@return what has to be turned on reading} */
    public ElementForm form() {
        return form;
    }

    @Override
    public long[] begin() {
        return begin;
    }

    @Override
    public long[] sizes() {
        return sizes;
    }

    long stride(int axis) {
        return strides[axis];
    }

    /** Whether the elements lie together in row-major order. */
    boolean isContiguous() {
        long[] expected = rowMajor(sizes);
        for (int axis = 0; axis < sizes.length; axis++) {
            if (sizes[axis] > 1 && strides[axis] != expected[axis]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public StridedBox in(ByteSource file, DType dtype) {
        return this;
    }

    @Override
    public StridedBox transposed() {
        return new StridedBox(position, form, turned(begin), turned(sizes), turned(strides));
    }

    /**
     * Exchanges two axes.
     *
     * @param axes a number for each of two axes
     * @return the numbers the other way round
     */
    public static long[] turned(long[] axes) {
        return new long[] {axes[1], axes[0]};
    }
}
