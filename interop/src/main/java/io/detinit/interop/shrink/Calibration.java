package io.detinit.interop.shrink;

/**
 * Samples of what a model is really fed with. The array is not copied; do not change it.
 *
 * @param features {@code [count, width]} float32, row-major, at least one sample
 * @param width the values of one sample, > 0
 */
@SuppressWarnings("ArrayRecordComponent") // as large as a data set; handed over, never compared
public record Calibration(float[] features, int width) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the values are not a whole number of samples, at least one
     */
    public Calibration {
        if (width < 1 || features.length == 0 || features.length % width != 0) {
            throw new IllegalArgumentException(
                    features.length + " values are not a whole number of samples of " + width + " values");
        }
    }

    /** {@return how many samples there are} */
    public int count() {
        return features.length / width;
    }

    /** Whether features have one and the same value, bit for bit, in all samples. */
    boolean isConstant(int from, int length) {
        int bits = Float.floatToRawIntBits(features[from]);
        for (int sample = 0; sample < count(); sample++) {
            for (int k = from; k < from + length; k++) {
                if (Float.floatToRawIntBits(features[sample * width + k]) != bits) {
                    return false;
                }
            }
        }
        return Float.isFinite(features[from]);
    }
}
