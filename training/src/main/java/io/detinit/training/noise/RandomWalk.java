package io.detinit.training.noise;

import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;

/**
 * The variance of w - decay * w0 of weights whose gradient is white noise around 0, step by step, of many lines (rows, columns) at once.
 *
 * <p>An update is linear in the weight w, the optimizer's buffer b and the gradient g, or is made so. With g' = g + coupled * w:
 *
 * <pre>
 *     b := m b + k g'
 *     w := (1 - shrink) w - alpha b - gamma g'
 *
 *     SGD            m = momentum  k = 1      alpha = rate             gamma = 0
 *     SGD, Nesterov  m = momentum  k = 1      alpha = rate * momentum  gamma = rate
 *     Adam, AdamW    m = beta1     k = 1 - m  alpha = rate * sqrt(1 - beta2^t) / ((1 - beta1^t) (sqrt(v) + epsilon))
 * </pre>
 *
 * so the covariance P of (w, b) becomes F P F' + s^2 G G', and the weight's mean stays a multiple of w0. That is exact for SGD. For Adam v
 * is put for its mean, the average of s^2 with Adam's own decay beta2: the direction of one weight's noise is independent of its
 * size, so what is left out is that v of one weight fluctuates.
 *
 * <p>Not thread-safe.
 */
final class RandomWalk {

    private final OptimizerConfig config;
    private final double[] ww;
    private final double[] wb;
    private final double[] bb;
    private final double[] v;
    private double meanW = 1;
    private double meanB;

    RandomWalk(OptimizerConfig config, int lines) {
        this.config = config;
        this.ww = new double[lines];
        this.wb = new double[lines];
        this.bb = new double[lines];
        this.v = new double[lines];
    }

    /**
     * Makes a step.
     *
     * @param rate the learning rate of the step
     * @param number the step from 1
     * @param squares the variance of the gradient, one for each line
     */
    void step(double rate, long number, double[] squares) {
        boolean adaptive = config.kind() != OptimizerKind.SGD;
        double m = adaptive ? config.beta1() : config.momentum();
        double k = adaptive ? 1 - m : 1;
        double coupled = adaptive ? 0 : config.weightDecay();
        double stay = config.kind() == OptimizerKind.ADAMW ? stay(rate) : 1;
        double alpha = config.nesterov() ? rate * m : rate;
        double gamma = config.nesterov() ? rate : 0;
        double correction = Math.sqrt(1 - Math.pow(config.beta2(), (double) number))
                / (1 - Math.pow(config.beta1(), (double) number));
        for (int line = 0; line < ww.length; line++) {
            double gain = alpha;
            if (adaptive) {
                v[line] = config.beta2() * v[line] + (1 - config.beta2()) * squares[line];
                gain = rate * correction / (Math.sqrt(v[line]) + config.epsilon());
            }
            double g = -(gain * k + gamma);
            double fww = stay + g * coupled;
            double fwb = -gain * m;
            double fbw = k * coupled;
            double p = ww[line];
            double q = wb[line];
            double r = bb[line];
            double noise = squares[line];
            ww[line] = fww * fww * p + 2 * fww * fwb * q + fwb * fwb * r + g * g * noise;
            wb[line] = fww * fbw * p + (fww * m + fwb * fbw) * q + fwb * m * r + g * k * noise;
            bb[line] = fbw * fbw * p + 2 * fbw * m * q + m * m * r + k * k * noise;
        }
        double g = -(alpha * k + gamma);
        double before = meanW;
        meanW = (stay + g * coupled) * before - alpha * m * meanB;
        meanB = k * coupled * before + m * meanB;
    }

    /** What AdamW's decay leaves of a weight in a step; its constants reach the engine as float32. */
    private double stay(double rate) {
        return 1 - (double) (float) rate * (float) config.weightDecay();
    }

    /** {@return the factor that decay left of the initial value} */
    double decay() {
        return meanW;
    }

    /** {@return the variance of a line} */
    double variance(int line) {
        return ww[line];
    }

    /** {@return how many lines there are} */
    int lines() {
        return ww.length;
    }

    /** {@return all there is to go on from: four numbers a line, and two} */
    double[] state() {
        int lines = lines();
        double[] state = new double[4 * lines + 2];
        System.arraycopy(ww, 0, state, 0, lines);
        System.arraycopy(wb, 0, state, lines, lines);
        System.arraycopy(bb, 0, state, 2 * lines, lines);
        System.arraycopy(v, 0, state, 3 * lines, lines);
        state[4 * lines] = meanW;
        state[4 * lines + 1] = meanB;
        return state;
    }

    /** Goes on from what {@link #state} gave. */
    void restore(double[] state) {
        int lines = lines();
        System.arraycopy(state, 0, ww, 0, lines);
        System.arraycopy(state, lines, wb, 0, lines);
        System.arraycopy(state, 2 * lines, bb, 0, lines);
        System.arraycopy(state, 3 * lines, v, 0, lines);
        meanW = state[4 * lines];
        meanB = state[4 * lines + 1];
    }
}
