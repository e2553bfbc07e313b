package io.detinit.cli;

/**
 * Statistics of a matrix.
 *
 * @param mean of all values
 * @param std the population's
 * @param min the least value
 * @param max the greatest value
 * @param singularValues in descending order; empty where they were not computed
 */
@SuppressWarnings("ArrayRecordComponent") // local to one command, never compared
record MatrixStatistics(double mean, double std, float min, float max, double[] singularValues) {

    static MatrixStatistics of(float[] values, double[] singularValues) {
        double sum = 0;
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            sum += value;
            min = Math.min(min, value);
            max = Math.max(max, value);
        }
        double mean = sum / values.length;
        double squares = 0;
        for (float value : values) {
            squares += (value - mean) * (value - mean);
        }
        return new MatrixStatistics(mean, Math.sqrt(squares / values.length), min, max, singularValues);
    }

    /** The largest singular value over the smallest; infinite where the matrix has not full rank. */
    double conditionNumber() {
        double smallest = singularValues[singularValues.length - 1];
        // Below the rounding errors of the decomposition a value stands for 0
        boolean zero = smallest <= singularValues[0] * singularValues.length * 0x1p-52;
        return zero ? Double.POSITIVE_INFINITY : singularValues[0] / smallest;
    }
}
