package io.detinit.interop.verify;

import java.util.Arrays;

/**
 * How samples of so many features fill a model's input.
 *
 * @param shape the input's shape as the model declares it, -1 where an axis is free
 * @param features the features of one sample
 * @param fixedBatch the samples that one run takes, 0 where any number
 * @param batched whether axis 0 is the batch
 * @param sample the axes of one sample, all known
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record InputLayout(long[] shape, int features, int fixedBatch, boolean batched, long[] sample) {

    private static final int MAX_FIXED_BATCH = 1 << 16;

    /**
     * Fits samples into an input: axis 0 is the batch, the others must hold the features. One free axis among the others is
     * computed; two (height and width) are taken as equal. An input that holds exactly one sample has no batch axis.
     *
     * @throws IllegalArgumentException if the features do not fit
     */
    static InputLayout fit(String model, long[] shape, int features) {
        if (features <= 0) {
            throw new IllegalArgumentException("features is " + features + "; it must be greater than 0");
        }
        if (shape.length > 1) {
            long[] sample = fill(Arrays.copyOfRange(shape, 1, shape.length), features);
            if (sample.length > 0 && shape[0] >= -1 && shape[0] != 0 && shape[0] <= MAX_FIXED_BATCH) {
                return new InputLayout(shape, features, (int) Math.max(0, shape[0]), true, sample);
            }
        }
        long[] whole = fill(shape, features);
        if (whole.length > 0) {
            return new InputLayout(shape, features, 1, false, whole);
        }
        throw new IllegalArgumentException(model + ": the input has the shape " + Arrays.toString(shape)
                + " (-1 is a free axis, axis 0 the batch); samples of " + features + " features do not fit");
    }

    /** The axes with the free ones computed; empty where they cannot hold the features. */
    private static long[] fill(long[] axes, int features) {
        long known = 1;
        int free = 0;
        for (long axis : axes) {
            if (axis == 0 || known > Integer.MAX_VALUE) {
                return new long[0];
            }
            known *= axis > 0 ? Math.min(axis, Integer.MAX_VALUE) : 1;
            free += axis < 0 ? 1 : 0;
        }
        if (features % known != 0) {
            return new long[0];
        }
        long rest = features / known;
        long side = free == 2 ? Math.round(Math.sqrt((double) rest)) : rest;
        if ((free == 0 && rest != 1) || (free == 2 && side * side != rest) || free > 2) {
            return new long[0];
        }
        return Arrays.stream(axes).map(axis -> axis > 0 ? axis : side).toArray();
    }

    /** The shape of a run on so many samples. */
    long[] batch(int samples) {
        if (!batched) {
            return sample;
        }
        long[] dims = new long[sample.length + 1];
        dims[0] = samples;
        System.arraycopy(sample, 0, dims, 1, sample.length);
        return dims;
    }
}
