package io.detinit.training.data;

import java.util.Arrays;

/**
 * The numbers by which raw values become features: {@code (raw / divisor - mean) / std}, computed in double and rounded to float32
 * once. The features of a sample are divided into as many equal runs as there are means, in row-major order: one run of all, a
 * run for each channel, or each feature its own. Without means a feature is {@code raw / divisor} in float32.
 *
 * <p>Immutable by agreement; safe for use by many threads.
 *
 * @param normalization by which rule the numbers were found
 * @param divisor 255 of 8-bit pixels, else 1
 * @param mean float64, means of raw / divisor; empty for {@link Normalization#NONE}
 * @param std as many standard deviations (of the population), 1 where all values are the same
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FeatureScaling(Normalization normalization, double divisor, double[] mean, double[] std) {

    private static final double PIXELS = 255;

    static FeatureScaling of(SampleSet train, Normalization normalization) {
        return train instanceof ImageSet images ? of(images, normalization) : of((TableSet) train, normalization);
    }

    /**
     * The numbers of a training set of images.
     *
     * @param train the training images
     * @param normalization the rule
     * @return the numbers
     */
    static FeatureScaling of(ImageSet train, Normalization normalization) {
        int runs = runs(normalization, train.features(), train.channels());
        long[] sum = new long[runs];
        long[] squares = new long[runs];
        int[] least = new int[runs];
        int[] most = new int[runs];
        Arrays.fill(least, 255);
        byte[] pixels = train.pixels();
        int length = runs == 0 ? 1 : train.features() / runs;
        for (int k = 0, run = 0; runs > 0 && k < pixels.length; run = (run + 1) % runs) {
            for (int end = k + length; k < end; k++) {
                int level = pixels[k] & 0xFF;
                sum[run] += level;
                squares[run] += (long) level * level;
                least[run] = Math.min(least[run], level);
                most[run] = Math.max(most[run], level);
            }
        }
        double[] mean = new double[runs];
        double[] std = new double[runs];
        double n = (double) train.count() * length;
        for (int run = 0; run < runs; run++) {
            boolean constant = least[run] == most[run];
            mean[run] = constant ? least[run] / PIXELS : sum[run] / n / PIXELS;
            double variance = squares[run] / n / (PIXELS * PIXELS) - mean[run] * mean[run];
            std[run] = constant || variance <= 0 ? 1 : Math.sqrt(variance);
        }
        return new FeatureScaling(normalization, PIXELS, mean, std);
    }

    /**
     * The numbers of a training set of floating-point values.
     *
     * @param train the training samples
     * @param normalization the rule
     * @return the numbers
     * @throws IllegalArgumentException if the rule is {@link Normalization#CHANNEL} and the samples are no images
     */
    static FeatureScaling of(TableSet train, Normalization normalization) {
        if (normalization == Normalization.CHANNEL && train.shape().size() != 3) {
            throw new IllegalArgumentException("normalisation 'channel' needs images, the samples have the shape "
                    + train.shape() + "; 'feature' normalises each column");
        }
        int runs = runs(normalization, train.features(), train.shape().get(0));
        double[] mean = new double[runs];
        double[] std = new double[runs];
        float[] values = train.values();
        int length = runs == 0 ? 1 : train.features() / runs;
        double n = (double) train.count() * length;
        for (int k = 0, run = 0; runs > 0 && k < values.length; run = (run + 1) % runs) {
            for (int end = k + length; k < end; k++) {
                mean[run] += values[k];
            }
        }
        boolean[] varies = new boolean[runs];
        for (int run = 0; run < runs; run++) {
            mean[run] /= n;
        }
        for (int k = 0, run = 0; runs > 0 && k < values.length; run = (run + 1) % runs) {
            for (int end = k + length; k < end; k++) {
                varies[run] |= values[k] != values[run * length];
                std[run] += (values[k] - mean[run]) * (values[k] - mean[run]);
            }
        }
        for (int run = 0; run < runs; run++) {
            mean[run] = varies[run] ? mean[run] : values[run * length];
            std[run] = varies[run] ? Math.sqrt(std[run] / n) : 1;
        }
        return new FeatureScaling(normalization, 1, mean, std);
    }

    private static int runs(Normalization normalization, int features, int channels) {
        return switch (normalization) {
            case NONE -> 0;
            case MEANSTD -> 1;
            case CHANNEL -> channels;
            case FEATURE -> features;
        };
    }

    float[] apply(SampleSet samples) {
        return samples instanceof ImageSet images ? apply(images) : apply((TableSet) samples);
    }

    /** Features of images: float32 [count, channels * height * width]. */
    float[] apply(ImageSet images) {
        byte[] pixels = images.pixels();
        float[] features = new float[pixels.length];
        if (mean.length == images.features() && mean.length > 1) {
            for (int k = 0, run = 0; k < pixels.length; k++, run = run + 1 == mean.length ? 0 : run + 1) {
                features[k] = scale(pixels[k] & 0xFF, run);
            }
            return features;
        }
        int runs = Math.max(1, mean.length);
        float[][] levels = new float[runs][256];
        for (int run = 0; run < runs; run++) {
            for (int level = 0; level < 256; level++) {
                levels[run][level] = mean.length == 0 ? level / 255f : scale(level, run);
            }
        }
        int length = images.features() / runs;
        for (int k = 0, run = 0; k < pixels.length; run = (run + 1) % runs) {
            float[] own = levels[run];
            for (int end = k + length; k < end; k++) {
                features[k] = own[pixels[k] & 0xFF];
            }
        }
        return features;
    }

    /** Features of floating-point samples: float32 [count, features]; the values themselves where nothing is to be done. */
    float[] apply(TableSet samples) {
        float[] values = samples.values();
        if (mean.length == 0) {
            return values;
        }
        float[] features = new float[values.length];
        int length = samples.features() / mean.length;
        for (int k = 0, run = 0; k < values.length; run = (run + 1) % mean.length) {
            for (int end = k + length; k < end; k++) {
                features[k] = scale(values[k], run);
            }
        }
        return features;
    }

    private float scale(double raw, int run) {
        return (float) ((raw / divisor - mean[run]) / std[run]);
    }

    /** {@return the SHA-256 of all means, then all standard deviations, float64 little-endian; 64 hex digits} */
    public String sha256() {
        return new Sha256().doubles(mean).doubles(std).hex();
    }
}
