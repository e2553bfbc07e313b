package io.detinit.training.noise;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.noise.NoiseLayer;
import io.detinit.training.optimizer.OptimizerConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The noise of one parameter: of its rows, of its columns, and of all of it. Not thread-safe. */
final class LayerNoise {

    /** Initial weights beyond so many standard deviations are rare; larger ones round more coarsely. */
    private static final double LARGE = 4;

    private final String name;
    private final TensorShape shape;
    private final int rows;
    private final int cols;
    private final RandomWalk walk;
    private double @Nullable [] squares;

    LayerNoise(String name, TensorShape shape, OptimizerConfig config) {
        this.name = name;
        this.shape = shape;
        this.rows = Math.toIntExact(NoiseLayer.rows(shape));
        this.cols = Math.toIntExact(NoiseLayer.cols(shape));
        this.walk = new RandomWalk(config, rows + cols + 1);
    }

    /**
     * Takes the gradients of two steps and walks through the steps up to the second.
     *
     * @param first a copy of the first gradient; overwritten
     * @param second the second, both of the means of as many samples
     * @param rates the learning rates of the steps since the last measurement
     * @param step the first of these steps
     */
    void measure(NDArray first, NDArray second, List<Double> rates, long step) {
        double[] now = squares(first, second);
        double[] before = squares == null ? now : squares;
        double[] between = new double[now.length];
        for (int line = 0; line < now.length; line++) {
            between[line] = 0.5 * (before[line] + now[line]);
        }
        walk(between, rates, step);
        squares = now;
    }

    /** Walks on with what was measured last. */
    void walk(List<Double> rates, long step) {
        if (squares != null) {
            walk(squares, rates, step);
        }
    }

    private void walk(double[] variances, List<Double> rates, long step) {
        for (int k = 0; k < rates.size(); k++) {
            walk.step(rates.get(k), step + k, variances);
        }
    }

    /**
     * Half the mean squared difference: of rows, columns, all. Independent gradients differ by twice their variance.
     *
     * <p>In a row every column has the same say, whatever its size. A plain mean would follow the few largest columns, those of inputs
     * that are mostly on: what they share is also moved by the error's mean, which changes from step to step and is no noise.
     */
    private double[] squares(NDArray first, NDArray second) {
        double[] lines = new double[rows + cols + 1];
        first.subi(second);
        first.muli(first);
        try (NDArray matrix = first.reshape(new Shape(rows, cols));
                NDArray ofCols = matrix.mean(new int[] {0})) {
            float[] col = ofCols.toFloatArray();
            double all = 0;
            int live = 0;
            for (int k = 0; k < cols; k++) {
                lines[rows + k] = 0.5 * col[k];
                all += col[k];
                live += col[k] > 0 ? 1 : 0;
            }
            all /= cols;
            lines[rows + cols] = 0.5 * all;
            float[] say = new float[cols];
            for (int k = 0; k < cols; k++) {
                say[k] = col[k] > 0 ? (float) (all / col[k] / live) : 0;
            }
            try (NDArray weights = matrix.getManager().create(say, new Shape(cols, 1));
                    NDArray ofRows = matrix.matMul(weights)) {
                float[] row = ofRows.toFloatArray();
                for (int k = 0; k < rows; k++) {
                    lines[k] = 0.5 * row[k];
                }
            }
        }
        return lines;
    }

    /** All there is to go on from; without the last measurement where there was none. */
    double[] state() {
        double[] walked = walk.state();
        double[] measured = squares == null ? new double[0] : squares;
        double[] state = java.util.Arrays.copyOf(walked, walked.length + measured.length);
        System.arraycopy(measured, 0, state, walked.length, measured.length);
        return state;
    }

    /** Goes on from what {@link #state} gave. */
    void restore(double[] state) {
        walk.restore(state);
        int walked = 4 * walk.lines() + 2;
        squares = state.length == walked ? null : java.util.Arrays.copyOfRange(state, walked, state.length);
    }

    /** The factor that decay left of the initial values. */
    double decay() {
        return walk.decay();
    }

    /** What was found after so many steps. */
    NoiseLayer layer(TensorInit init, long steps) {
        double all = walk.variance(rows + cols);
        return new NoiseLayer(
                name,
                shape,
                Math.sqrt(all),
                factors(0, rows, all),
                cols == 1 ? List.of(1.0) : factors(rows, cols, all),
                decay() == 1 ? 0 : rounding(init, steps));
    }

    private List<Double> factors(int from, int count, double all) {
        List<Double> factors = new ArrayList<>(count);
        for (int k = 0; k < count; k++) {
            factors.add(all > 0 ? Math.sqrt(walk.variance(from + k) / all) : 0);
        }
        return factors;
    }

    /** Rounding to float32 in every step, uniform over one spacing of numbers of the size of the weights. */
    private static double rounding(TensorInit init, long steps) {
        double size = Math.max(LARGE * init.std(), Math.abs(init.weightAsDouble(0, 0)));
        return size == 0 ? 0 : Math.ulp((float) size) * Math.sqrt(steps / 12.0);
    }
}
