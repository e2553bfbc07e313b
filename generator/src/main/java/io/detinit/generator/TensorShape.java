package io.detinit.generator;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The shape of a tensor, and how it is addressed as a matrix.
 *
 * <p>Row i runs along the first axis, column j is the row-major index over all other axes: {@code [out, in, kh, kw]} is the
 * matrix {@code [out, in*kh*kw]}; a vector {@code [n]} is {@code [1, n]}; a scalar is {@code [1, 1]}.
 *
 * <p>Immutable.
 */
public final class TensorShape implements Serializable {

    private static final long serialVersionUID = 1L;

    private final long[] dims;
    private final long elements;

    private TensorShape(long[] dims) {
        long product = 1;
        boolean empty = false;
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(dims) + " has the negative axis " + dim);
            }
            empty |= dim == 0;
        }
        if (!empty) {
            for (long dim : dims) {
                try {
                    product = Math.multiplyExact(product, dim);
                } catch (ArithmeticException e) {
                    throw new IllegalArgumentException(
                            "shape " + Arrays.toString(dims) + " has more than 2^63-1 elements", e);
                }
            }
        }
        this.dims = dims;
        this.elements = empty ? 0 : product;
    }

    /**
     * A shape.
     *
     * @param dims the axis lengths, outermost first, each >= 0; none for a scalar
     * @return the shape
     * @throws IllegalArgumentException if an axis is negative or the number of elements exceeds 2^63-1
     */
    public static TensorShape of(long... dims) {
        return new TensorShape(dims.clone());
    }

    /** {@return the axis lengths, outermost first; a copy} */
    public long[] dims() {
        return dims.clone();
    }

    /** {@return the number of axes; 0 for a scalar} */
    public int rank() {
        return dims.length;
    }

    /**
     * The length of one axis.
     *
     * @param axis the axis, in [0, rank)
     * @return its length
     */
    public long dim(int axis) {
        return dims[axis];
    }

    /** {@return the number of elements; 1 for a scalar, 0 where an axis is empty} */
    public long elements() {
        return elements;
    }

    /** {@return the rows of the matrix this shape is addressed as} */
    public long rows() {
        return dims.length < 2 ? 1 : dims[0];
    }

    /** {@return the columns of the matrix this shape is addressed as} */
    public long cols() {
        if (dims.length == 0) {
            return 1;
        }
        if (dims.length == 1) {
            return dims[0];
        }
        return dims[0] == 0 ? product(1) : elements / dims[0];
    }

    /**
     * The fan-in: the product of all axes but the first. Needs rank >= 2.
     *
     * @return inputs per output
     * @throws IllegalArgumentException if the rank is below 2 or the fan-in is 0
     */
    public long fanIn() {
        requireFan();
        return positive(product(1), "fan-in");
    }

    /**
     * The fan-out: the first axis times the product of the axes after the second. Needs rank >= 2.
     *
     * @return outputs per input
     * @throws IllegalArgumentException if the rank is below 2 or the fan-out is 0
     */
    public long fanOut() {
        requireFan();
        return positive(Math.multiplyExact(dims[0], product(2)), "fan-out");
    }

    private long product(int fromAxis) {
        long product = 1;
        for (int axis = fromAxis; axis < dims.length; axis++) {
            product = Math.multiplyExact(product, dims[axis]);
        }
        return product;
    }

    private void requireFan() {
        if (dims.length < 2) {
            throw new IllegalArgumentException("a tensor of shape " + this + " (rank " + dims.length
                    + ") has no fan-in; schemes that need one take rank >= 2");
        }
    }

    private long positive(long fan, String what) {
        if (fan <= 0) {
            throw new IllegalArgumentException("shape " + this + " has the " + what + " 0");
        }
        return fan;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorShape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** {@return the shape as JSON writes it, such as {@code [300, 784]}} */
    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
