package io.detinit.interop.verify;

/** The differences of two models' outputs, gathered part by part. Not thread-safe. */
final class OutputSums {

    private final Divergence divergence = new Divergence();
    private long values;
    private double max;
    private double sum;
    private double scale;
    private long rows;
    private long agreeing;

    /** Adds floating-point outputs of as many elements; of rows of classes where that is not 0. */
    void add(double[] first, double[] second, int classes) {
        for (int k = 0; k < first.length; k++) {
            add(first[k], ElementComparator.difference(first[k], second[k]));
        }
        for (int row = 0; classes > 0 && row < first.length; row += classes) {
            int place = Scoring.argMax(first, row, classes);
            agreeing += place == Scoring.argMax(second, row, classes) ? 1 : 0;
            rows++;
            if (classes > 1) {
                divergence.add(first, second, row, classes);
            }
        }
    }

    /** Adds integer outputs of as many elements; different ones differ by at least 1. */
    void add(long[] first, long[] second) {
        for (int k = 0; k < first.length; k++) {
            double difference = Math.abs((double) first[k] - (double) second[k]);
            add((double) first[k], first[k] == second[k] ? 0 : Math.max(1, difference));
        }
    }

    /** Adds outputs of different numbers of elements. */
    void addUnequal() {
        add(0, Double.POSITIVE_INFINITY);
    }

    private void add(double value, double difference) {
        max = Math.max(max, difference);
        sum += difference;
        values++;
        if (Double.isFinite(value)) {
            scale = Math.max(scale, Math.abs(value));
        }
    }

    OutputComparison result(int samples, double tolerance) {
        return new OutputComparison(
                samples,
                (int) (values / samples),
                max,
                values == 0 ? 0 : sum / values,
                scale,
                max == 0 ? 0 : max / scale,
                rows,
                agreeing,
                divergence.mean(),
                tolerance);
    }
}
