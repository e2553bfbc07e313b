package io.detinit.interop.audit;

import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.Arrays;

/**
 * Recognises a normalisation that was folded into a weight: each row is its initial row times a factor of its own. Training alone
 * moves the weights of a row in different directions, decay gives all rows one factor.
 */
final class FoldedNorm {

    private static final int MOST_ROWS = 64;
    private static final int MOST_COLS = 1 << 12;
    private static final int LEAST_ROWS = 4;
    private static final int LEAST_COLS = 9;

    /** What the factors must explain of the squared distance. */
    private static final double EXPLAINED = 0.75;

    /** How far the factors' logarithms must spread, or lie above 0 together. */
    private static final double LEAST_SPREAD = 0.1;

    /** The same where norms that the initial values have are missing in the file. */
    private static final double HINTED_SPREAD = 0.03;

    private FoldedNorm() {}

    /**
     * Whether a tensor is its initial values with every row scaled by another factor.
     *
     * @param hinted whether something else says that norms were folded
     */
    static boolean isIn(TensorView tensor, InitialValues values, boolean hinted) throws IOException {
        TensorShape shape = values.shape();
        if (!values.isRandom() || shape.rank() < 2 || shape.rows() < LEAST_ROWS || shape.cols() < LEAST_COLS) {
            return false;
        }
        int rows = (int) Math.min(MOST_ROWS, shape.rows());
        int cols = (int) Math.min(MOST_COLS, shape.cols());
        float[] w = new float[cols];
        float[] w0 = new float[cols];
        double[] logs = new double[rows];
        double plain = 0;
        double scaled = 0;
        double size = 0;
        for (int row = 0; row < rows; row++) {
            tensor.readFloats(row * shape.cols(), w, 0, cols);
            values.fill(row * shape.cols(), w0, 0, cols);
            double ww0 = 0;
            double w0w0 = 0;
            double ww = 0;
            for (int k = 0; k < cols; k++) {
                ww0 += (double) w[k] * w0[k];
                w0w0 += (double) w0[k] * w0[k];
                ww += (double) w[k] * w[k];
            }
            double factor = ww0 / w0w0;
            if (!(factor > 0)) {
                return false; // a norm's scale may turn negative, but hardly ever does
            }
            logs[row] = Math.log(factor);
            plain += ww - 2 * ww0 + w0w0;
            scaled += ww - factor * ww0;
            size += ww;
        }
        double least = hinted ? HINTED_SPREAD : LEAST_SPREAD;
        double mean = Arrays.stream(logs).average().orElse(0);
        boolean factors = spread(logs, mean) > least || (hinted ? Math.abs(mean) : mean) > least;
        return factors && plain > 0.01 * size && scaled < (1 - EXPLAINED) * plain;
    }

    private static double spread(double[] values, double mean) {
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / values.length);
    }
}
