package io.detinit.interop.verify;

import io.detinit.interop.file.MalformedFileException;
import java.util.Arrays;

/** The arithmetic of scores and latencies. */
final class Scoring {

    private static final double SUM_TOLERANCE = 1e-3;

    private Scoring() {}

    static Score score(String model, float[] outputs, int[] labels) throws MalformedFileException {
        if (outputs.length % labels.length != 0) {
            throw MalformedFileException.of(
                    model, "output", outputs.length + " values for " + labels.length + " samples", "as many for each");
        }
        int classes = outputs.length / labels.length;
        boolean probabilities = areProbabilities(outputs, classes);
        int correct = 0;
        double loss = 0;
        double[] row = new double[classes];
        for (int n = 0; n < labels.length; n++) {
            int label = labels[n];
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException("label " + n + " is " + label + "; the model " + model + " has "
                        + classes + " outputs per sample, labels must be in [0, " + classes + ")");
            }
            row(outputs, n * classes, row);
            correct += argMax(row, 0, classes) == label ? 1 : 0;
            loss += probabilities ? -logProbability(row[label]) : logSumExp(row, 0, classes) - row[label];
        }
        return new Score(labels.length, (double) correct / labels.length, loss / labels.length, probabilities);
    }

    private static boolean areProbabilities(float[] outputs, int classes) {
        double[] row = new double[classes];
        for (int from = 0; from < outputs.length; from += classes) {
            row(outputs, from, row);
            if (!isDistribution(row, 0, classes)) {
                return false;
            }
        }
        return classes >= 2;
    }

    /** Copies values as doubles. */
    static void row(float[] values, int from, double[] row) {
        for (int k = 0; k < row.length; k++) {
            row[k] = values[from + k];
        }
    }

    /** Whether at least two values are those of a probability distribution: all in [0, 1], sum 1, within 1e-3. */
    static boolean isDistribution(double[] values, int from, int count) {
        double sum = 0;
        for (int k = from; k < from + count; k++) {
            if (!(values[k] >= 0 && values[k] <= 1 + SUM_TOLERANCE)) {
                return false;
            }
            sum += values[k];
        }
        return count >= 2 && Math.abs(sum - 1) <= SUM_TOLERANCE;
    }

    /** log p; a probability below the smallest float32 counts as that, a NaN stays one. */
    static double logProbability(double probability) {
        return Math.log(Math.max(probability, Float.MIN_VALUE));
    }

    /** The index of the largest value, the first of equals; -1 where one is NaN. */
    static int argMax(double[] values, int from, int count) {
        int best = 0;
        for (int k = 0; k < count; k++) {
            double value = values[from + k];
            if (Double.isNaN(value)) {
                return -1;
            }
            if (value > values[from + best]) {
                best = k;
            }
        }
        return best;
    }

    static double logSumExp(double[] values, int from, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int k = from; k < from + count; k++) {
            max = Math.max(max, values[k]);
        }
        double sum = 0;
        for (int k = from; k < from + count; k++) {
            sum += Math.exp(values[k] - max);
        }
        return max + Math.log(sum);
    }

    /** Sorts the times in place. */
    static Latency latency(double[] milliseconds) {
        Arrays.sort(milliseconds);
        int runs = milliseconds.length;
        double median =
                runs % 2 == 1 ? milliseconds[runs / 2] : (milliseconds[runs / 2 - 1] + milliseconds[runs / 2]) / 2;
        int rank = (int) Math.ceil(0.99 * runs);
        return new Latency(runs, median, milliseconds[Math.max(0, rank - 1)]);
    }
}
