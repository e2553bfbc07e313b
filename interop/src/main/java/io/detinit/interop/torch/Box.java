package io.detinit.interop.torch;

import java.util.List;

/**
 * A box of elements in a tensor. Indices are row-major: the last axis varies fastest.
 *
 * @param offsets its first element, one number for each axis of the tensor
 * @param sizes its shape
 */
record Box(List<Long> offsets, List<Long> sizes) {

    /** The first place on an axis. */
    long begin(int axis) {
        return offsets.get(axis);
    }

    /** The place after the last on an axis. */
    long end(int axis) {
        return offsets.get(axis) + sizes.get(axis);
    }

    /** Whether two boxes share an element. */
    boolean overlaps(Box other) {
        for (int axis = 0; axis < sizes.size(); axis++) {
            if (end(axis) <= other.begin(axis) || other.end(axis) <= begin(axis)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an element of the tensor is in it. */
    boolean contains(long[] index) {
        for (int axis = 0; axis < index.length; axis++) {
            if (index[axis] < begin(axis) || index[axis] >= end(axis)) {
                return false;
            }
        }
        return true;
    }

    /** The row-major number of its first element in a tensor of a shape. */
    long first(long[] dims) {
        return flat(offsets.stream().mapToLong(Long::longValue).toArray(), dims);
    }

    /** The row-major number in the box of an element of the tensor that is in it. */
    long local(long[] index) {
        long number = 0;
        for (int axis = 0; axis < index.length; axis++) {
            number = number * sizes.get(axis) + (index[axis] - begin(axis));
        }
        return number;
    }

    /**
     * How many elements, from one on, lie together both in the box and in the tensor.
     *
     * @param index an element of the tensor that is in the box
     * @param dims the tensor's shape
     * @return at least 1
     */
    long run(long[] index, long[] dims) {
        long together = 1;
        long before = 0;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            before += (index[axis] - begin(axis)) * together;
            together *= sizes.get(axis);
            if (sizes.get(axis) != dims[axis]) {
                break;
            }
        }
        return together - before;
    }

    /** The row-major number of an element. */
    static long flat(long[] index, long[] dims) {
        long number = 0;
        for (int axis = 0; axis < dims.length; axis++) {
            number = number * dims[axis] + index[axis];
        }
        return number;
    }

    /** The element of a row-major number. */
    static long[] index(long number, long[] dims) {
        long[] index = new long[dims.length];
        long rest = number;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            index[axis] = rest % dims[axis];
            rest /= dims[axis];
        }
        return index;
    }
}
