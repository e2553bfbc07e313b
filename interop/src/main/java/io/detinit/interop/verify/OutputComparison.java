package io.detinit.interop.verify;

/**
 * The outputs of two models on the same samples.
 *
 * @param outputs how many numbers were compared
 * @param maxAbsDifference the largest |a - b|; infinite where one is NaN or infinite and the other is not the same
 * @param scale the largest |a|
 */
public record OutputComparison(int outputs, double maxAbsDifference, double scale) {

    /**
     * Compares outputs.
     *
     * @param a the first model's outputs
     * @param b the second's
     * @return the comparison
     * @throws IllegalArgumentException if they are not equally many
     */
    public static OutputComparison of(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException(
                    "the models have outputs of different sizes: " + a.length + " and " + b.length + " numbers");
        }
        double max = 0;
        double scale = 0;
        for (int k = 0; k < a.length; k++) {
            double difference = Float.compare(a[k], b[k]) == 0 ? 0 : Math.abs((double) a[k] - b[k]);
            max = Math.max(max, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
            scale = Math.max(scale, Math.abs(a[k]));
        }
        return new OutputComparison(a.length, max, scale);
    }

    /**
     * Whether the outputs agree.
     *
     * @param tolerance the largest difference allowed, absolute
     * @return true where no difference is larger
     */
    public boolean within(double tolerance) {
        return maxAbsDifference <= tolerance;
    }
}
