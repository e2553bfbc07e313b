package io.detinit.training.data;

import java.util.Locale;

/** How pixels become features. */
public enum Normalization {
    /** pixel / 255, in [0, 1]: black pixels stay 0, and the weights they feed never move. */
    NONE,
    /** (pixel / 255 - mean) / std, with mean and population standard deviation over all pixels of the training images. */
    MEANSTD;

    /**
     * Reads a name.
     *
     * @param name none or meanstd
     * @return the normalisation
     * @throws IllegalArgumentException if it is another
     */
    public static Normalization parse(String name) {
        for (Normalization value : values()) {
            if (value.name().toLowerCase(Locale.ROOT).equals(name)) {
                return value;
            }
        }
        throw new IllegalArgumentException("unknown normalisation '" + name + "'; known: none, meanstd");
    }

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The value of each of the 256 pixel levels.
     *
     * @param train the training images, whose statistics count
     * @return float32 [256]
     */
    float[] levels(ImageSet train) {
        double mean = 0;
        double std = 1;
        if (this == MEANSTD) {
            long sum = 0;
            long squares = 0;
            for (byte pixel : train.pixels()) {
                int level = pixel & 0xFF;
                sum += level;
                squares += (long) level * level;
            }
            double n = train.pixels().length;
            mean = sum / n / 255;
            double variance = squares / n / (255.0 * 255.0) - mean * mean;
            std = variance > 0 ? Math.sqrt(variance) : 1;
        }
        float[] levels = new float[256];
        for (int level = 0; level < 256; level++) {
            levels[level] = this == NONE ? level / 255f : (float) ((level / 255.0 - mean) / std);
        }
        return levels;
    }
}
