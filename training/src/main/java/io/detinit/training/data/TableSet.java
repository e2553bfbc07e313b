package io.detinit.training.data;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Labelled samples of floating-point features: rows of a table, or images that are no 8-bit pixels.
 *
 * <p>Immutable by agreement: the arrays are not copied and must not be changed. Safe for use by many threads.
 *
 * @param shape of a sample: [features] of a table, [channels, height, width] of images
 * @param classes how many classes there are
 * @param values float32 [count, shape...], row-major, all finite
 * @param labels [count], each in [0, classes)
 */
@SuppressWarnings("ArrayRecordComponent") // a view of many megabytes, never compared
public record TableSet(List<Integer> shape, int classes, float[] values, int[] labels) implements SampleSet {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the values do not fit the labels, or there are no samples
     */
    public TableSet {
        shape = List.copyOf(shape);
        long features = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
        if (labels.length == 0 || features < 1 || values.length != features * labels.length) {
            throw new IllegalArgumentException(
                    values.length + " values are not " + labels.length + " samples of the shape " + shape);
        }
    }

    @Override
    public int count() {
        return labels.length;
    }

    /** {@return how many features a sample has} */
    public int features() {
        return values.length / labels.length;
    }

    @Override
    public long[] sampleShape() {
        return shape.stream().mapToLong(Integer::longValue).toArray();
    }

    /**
     * The last samples.
     *
     * @param samples how many, in [1, count]
     * @return a copy of them, in their order
     * @throws IllegalArgumentException if there are not as many
     */
    public TableSet last(int samples) {
        if (samples < 1 || samples > count()) {
            throw new IllegalArgumentException("the last " + samples + " of " + count() + " samples do not exist");
        }
        return pick(IntStream.range(count() - samples, count()).toArray());
    }

    @Override
    public TableSet pick(int[] samples) {
        int features = features();
        float[] picked = new float[Math.multiplyExact(samples.length, features)];
        int[] pickedLabels = new int[samples.length];
        for (int k = 0; k < samples.length; k++) {
            System.arraycopy(values, samples[k] * features, picked, k * features, features);
            pickedLabels[k] = labels[samples[k]];
        }
        return new TableSet(shape, classes, picked, pickedLabels);
    }

    /** {@return the SHA-256 of shape, values and labels, 64 hex digits} */
    @Override
    public String sha256() {
        return new Sha256()
                .ints(count())
                .ints(shape.stream().mapToInt(Integer::intValue).toArray())
                .ints(classes)
                .floats(values)
                .labels(classes, labels)
                .hex();
    }
}
