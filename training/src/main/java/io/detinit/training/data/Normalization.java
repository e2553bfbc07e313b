package io.detinit.training.data;

import java.util.Locale;

/** How raw values become features. Statistics are those of the training samples; standard deviations are of the population. */
public enum Normalization {
    /**
     * 8-bit pixels / 255, in [0, 1]: black pixels stay 0, and the weights they feed never move. Floating-point values as they
     * are.
     */
    NONE,
    /** (x - mean) / std over all values together. */
    MEANSTD,
    /** (x - mean) / std for each channel of images. */
    CHANNEL,
    /** (x - mean) / std for each feature (a table's column, a place in the image); one that is constant becomes 0. */
    FEATURE;

    /** The names with their meaning, for help and messages. */
    public static final String KNOWN = "none (pixels / 255, tables as they are), meanstd (mean and std of all values), "
            + "channel (of each channel of images), feature (of each column or pixel)";

    /**
     * Reads a name.
     *
     * @param name none, meanstd, channel or feature
     * @return the normalisation
     * @throws IllegalArgumentException if it is another
     */
    public static Normalization parse(String name) {
        for (Normalization value : values()) {
            if (value.id().equals(name)) {
                return value;
            }
        }
        throw new IllegalArgumentException("unknown normalisation '" + name + "'; known: " + KNOWN);
    }

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
