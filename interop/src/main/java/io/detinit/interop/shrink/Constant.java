package io.detinit.interop.shrink;

import java.util.Arrays;

/**
 * A float32 tensor of a graph, row-major. A slice is what lies at one index of one axis. Not thread-safe.
 *
 * @param dims its axes
 * @param data its elements; changed in place
 */
@SuppressWarnings("ArrayRecordComponent") // internal, compared slice by slice
record Constant(long[] dims, float[] data) {

    static Constant vector(int length) {
        return new Constant(new long[] {length}, new float[length]);
    }

    Constant copy() {
        return new Constant(dims.clone(), data.clone());
    }

    int rank() {
        return dims.length;
    }

    int dim(int axis) {
        return Math.toIntExact(dims[axis]);
    }

    /** How many elements lie between two neighbours along an axis. */
    int stride(int axis) {
        int stride = 1;
        for (int k = axis + 1; k < dims.length; k++) {
            stride = Math.multiplyExact(stride, dim(k));
        }
        return stride;
    }

    /** Visits the runs of elements that make up a slice. */
    @FunctionalInterface
    private interface Run {
        void at(int from, int length);
    }

    private void runs(int axis, int index, Run run) {
        int inner = stride(axis);
        int step = Math.multiplyExact(inner, dim(axis));
        for (int from = index * inner; from < data.length; from += step) {
            run.at(from, inner);
        }
    }

    boolean isZero(int axis, int index) {
        int inner = stride(axis);
        int step = inner * dim(axis);
        for (int from = index * inner; from < data.length; from += step) {
            for (int k = from; k < from + inner; k++) {
                if (data[k] != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    void zero(int axis, int index) {
        runs(axis, index, (from, length) -> Arrays.fill(data, from, from + length, 0));
    }

    /** Adds one slice to another. */
    void add(int axis, int to, int from) {
        int shift = (from - to) * stride(axis);
        runs(axis, to, (at, length) -> {
            for (int k = at; k < at + length; k++) {
                data[k] += data[k + shift];
            }
        });
    }

    /** Adds, for each index of another axis, the slice's elements there times a factor. */
    void addSums(int axis, int index, double factor, int otherAxis, double[] sums) {
        int otherStride = stride(otherAxis);
        runs(axis, index, (from, length) -> {
            for (int k = from; k < from + length; k++) {
                sums[k / otherStride % sums.length] += factor * data[k];
            }
        });
    }

    boolean sameSlices(int axis, int first, int second) {
        int inner = stride(axis);
        int step = inner * dim(axis);
        int shift = (second - first) * inner;
        for (int from = first * inner; from < data.length; from += step) {
            for (int k = from; k < from + inner; k++) {
                if (Float.floatToRawIntBits(data[k]) != Float.floatToRawIntBits(data[k + shift])) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A hash of a slice's bits. */
    long hash(int axis, int index) {
        long[] hash = new long[1];
        runs(axis, index, (from, length) -> {
            for (int k = from; k < from + length; k++) {
                hash[0] = (hash[0] ^ Float.floatToRawIntBits(data[k])) * 0x9E3779B97F4A7C15L;
                hash[0] ^= hash[0] >>> 29;
            }
        });
        return hash[0];
    }

    /** The sum of squares of a slice. */
    double squares(int axis, int index) {
        double[] sum = new double[1];
        runs(axis, index, (from, length) -> {
            for (int k = from; k < from + length; k++) {
                sum[0] += (double) data[k] * data[k];
            }
        });
        return sum[0];
    }

    /** A tensor of some slices, in the order given. */
    Constant select(int axis, int[] indices) {
        int inner = stride(axis);
        int n = dim(axis);
        int outer = n == 0 ? 0 : data.length / Math.max(1, n * inner);
        long[] shape = dims.clone();
        shape[axis] = indices.length;
        float[] selected = new float[outer * indices.length * inner];
        for (int o = 0; o < outer; o++) {
            for (int k = 0; k < indices.length; k++) {
                System.arraycopy(data, (o * n + indices[k]) * inner, selected, (o * indices.length + k) * inner, inner);
            }
        }
        return new Constant(shape, selected);
    }
}
