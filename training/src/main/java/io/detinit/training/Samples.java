package io.detinit.training;

import java.util.Objects;

/**
 * Labelled samples in memory.
 *
 * @param features float32 [count, width], row-major; not copied, must not be changed
 * @param labels [count], each in [0, classes); not copied
 * @param classes how many classes there are
 */
@SuppressWarnings("ArrayRecordComponent") // hundreds of megabytes: a view, never compared
public record Samples(float[] features, int[] labels, int classes) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the features do not divide evenly, there are no samples, or a label is out of range
     */
    public Samples {
        Objects.requireNonNull(features, "features");
        if (labels.length == 0 || features.length % labels.length != 0 || features.length == 0) {
            throw new IllegalArgumentException(
                    features.length + " features do not divide into " + labels.length + " samples");
        }
        for (int k = 0; k < labels.length; k++) {
            if (labels[k] < 0 || labels[k] >= classes) {
                throw new IllegalArgumentException(
                        "label " + labels[k] + " of sample " + k + " lies outside [0, " + classes + ")");
            }
        }
    }

    /** {@return how many samples there are} */
    public int count() {
        return labels.length;
    }

    /** {@return how many features a sample has} */
    public int width() {
        return features.length / labels.length;
    }
}
