package io.detinit.interop.torch;

import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementForm;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How a tensor lies in a storage. Immutable; nobody changes the arrays.
 */
final class StorageView {

    private final Storage storage;
    private final DType dtype;
    private final long offset;
    private final long[] sizes;
    private final long[] strides;
    private final boolean conjugate;
    private final boolean negative;

    /**
     * A view.
     *
     * @param storage where
     * @param dtype the element type
     * @param offset the first element, counted in elements from the storage's start
     * @param sizes the shape
     * @param strides elements between neighbours along each axis, >= 0
     * @param conjugate whether imaginary parts are to be negated on reading
     * @param negative whether values are to be negated on reading
     */
    StorageView(
            Storage storage,
            DType dtype,
            long offset,
            long[] sizes,
            long[] strides,
            boolean conjugate,
            boolean negative) {
        this.storage = storage;
        this.dtype = dtype;
        this.offset = offset;
        this.sizes = sizes;
        this.strides = strides;
        this.conjugate = conjugate;
        this.negative = negative;
    }

    Storage storage() {
        return storage;
    }

    DType dtype() {
        return dtype;
    }

    long offset() {
        return offset;
    }

    long[] sizes() {
        return sizes;
    }

    long[] strides() {
        return strides;
    }

    /** How its elements differ from little-endian values. */
    ElementForm form() {
        return new ElementForm(storage.bigEndian(), conjugate, negative);
    }

    /** The number of elements; fits, since the view was checked. */
    long elements() {
        long count = 1;
        for (long size : sizes) {
            count *= size;
        }
        return count;
    }

    /** Whether the elements lie together in row-major order. */
    boolean contiguous() {
        long expected = 1;
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
            if (sizes[axis] != 1 && strides[axis] != expected) {
                return elements() == 0;
            }
            expected *= sizes[axis];
        }
        return true;
    }

    /** Whether a byte of the storage is a byte of the tensor, in the same order. */
    boolean plain() {
        return contiguous() && form().isPlain(dtype);
    }

    /** The same for two tensors exactly where they are the same elements in the same order. */
    String identity() {
        return storage.key() + " " + dtype + " " + offset + " " + Arrays.toString(sizes) + Arrays.toString(strides)
                + conjugate + negative;
    }

    /** The elements of the storage that the tensor may touch: from its offset to this one, exclusive. */
    long end() {
        if (elements() == 0) {
            return offset;
        }
        long last = offset;
        for (int axis = 0; axis < sizes.length; axis++) {
            last += (sizes[axis] - 1) * strides[axis];
        }
        return last + 1;
    }

    /** The axes with more than one element, widest stride first. */
    int[] axesByStride() {
        return IntStream.range(0, sizes.length)
                .filter(axis -> sizes[axis] > 1)
                .boxed()
                .sorted(Comparator.comparingLong(axis -> -strides[axis]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** Whether no two elements lie in one place, as far as the strides tell without a search. */
    boolean injective() {
        long reach = 0;
        int[] axes = axesByStride();
        for (int k = axes.length - 1; k >= 0; k--) {
            if (strides[axes[k]] <= reach) {
                return elements() == 0;
            }
            reach += (sizes[axes[k]] - 1) * strides[axes[k]];
        }
        return true;
    }
}
