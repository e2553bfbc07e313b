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
        for (int n = 0; n < labels.length; n++) {
            int label = labels[n];
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException("label " + n + " is " + label + "; the model " + model + " has "
                        + classes + " outputs per sample, labels must be in [0, " + classes + ")");
            }
            correct += argMax(outputs, n * classes, classes) == label ? 1 : 0;
            double own = outputs[n * classes + label];
            loss += probabilities
                    ? -Math.log(Math.max(own, Float.MIN_VALUE))
                    : logSumExp(outputs, n * classes, classes) - own;
        }
        return new Score(labels.length, (double) correct / labels.length, loss / labels.length, probabilities);
    }

    private static boolean areProbabilities(float[] outputs, int classes) {
        if (classes < 2) {
            return false;
        }
        for (int row = 0; row < outputs.length; row += classes) {
            double sum = 0;
            for (int k = row; k < row + classes; k++) {
                if (!(outputs[k] >= 0 && outputs[k] <= 1 + SUM_TOLERANCE)) {
                    return false;
                }
                sum += outputs[k];
            }
            if (Math.abs(sum - 1) > SUM_TOLERANCE) {
                return false;
            }
        }
        return true;
    }

    /** The index of the largest value, the first of equals; -1 where one is NaN. */
    static int argMax(float[] values, int from, int count) {
        int best = 0;
        for (int k = 0; k < count; k++) {
            float value = values[from + k];
            if (Float.isNaN(value)) {
                return -1;
            }
            if (value > values[from + best]) {
                best = k;
            }
        }
        return best;
    }

    private static double logSumExp(float[] values, int from, int count) {
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
