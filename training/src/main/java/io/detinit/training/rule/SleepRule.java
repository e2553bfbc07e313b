package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import io.detinit.interop.mask.NameFilter;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keeps weights asleep: after every update a proximal step of the L1 penalty {@code lambda * sum |w - w0|}, with the step's learning
 * rate, moves each weight towards its initial value by at most {@code reach = rate * lambda}:
 *
 * <pre>d = w - w0;  w = w0 + sign(d) * max(|d| - reach, 0)</pre>
 *
 * <p>It is computed as the median of w - reach, w0 and w + reach, so a weight with |d| <= reach gets the bits of w0, and any other
 * one is rounded once (float32; reach is rounded to float32 first). A weight of plain SGD that lies at w0 stays there through a
 * step exactly where the size of its gradient is at most lambda.
 *
 * <p>The rate is the plain one for every optimizer: for Adam the penalty is decoupled, as AdamW's weight decay is, and lambda
 * compares with the normalised step, whose size is at most about 1. Optimizer state is left alone: with momentum a weight that
 * was put back to w0 leaves it again in the next step if its buffer is larger than lambda.
 *
 * <p>Initial values are regenerated from the run's plan and kept in memory while the run lasts, four bytes a weight; nothing is
 * stored. One rule serves one run. Not thread-safe. (Parikh and Boyd, Proximal Algorithms, 2014, section 6.5.2: the proximal
 * operator of the L1 norm is soft thresholding.)
 */
public final class SleepRule implements StepHook {

    private final double lambda;
    private final NameFilter filter;
    private final Map<String, NDArray> initial = new LinkedHashMap<>();
    private final Shrinkage shrinkage = new Shrinkage();

    /**
     * Makes a rule for all trained parameters of rank >= 2.
     *
     * @param lambda the penalty, >= 0; 0 changes nothing, not a bit
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public SleepRule(double lambda) {
        this(lambda, NameFilter.ALL);
    }

    /**
     * Makes a rule.
     *
     * @param lambda the penalty, >= 0; 0 changes nothing, not a bit
     * @param filter the names of the parameters; vectors (biases, norm scales) only where a pattern of {@code include} fits
     * @throws IllegalArgumentException if lambda is negative or not finite
     */
    public SleepRule(double lambda, NameFilter filter) {
        this.lambda = requirePenalty("sleep", lambda);
        this.filter = filter;
    }

    static double requirePenalty(String what, double lambda) {
        if (!(lambda >= 0) || Double.isInfinite(lambda)) {
            throw new IllegalArgumentException(what + " " + lambda + ": it must be 0 or more");
        }
        return lambda;
    }

    /**
     * Regenerates the initial values.
     *
     * @throws IllegalArgumentException if a pattern fits no parameter, or nothing is taken
     */
    @Override
    public void begin(TrainingRun run) {
        initial.clear();
        if (lambda > 0) {
            initial.putAll(InitialArrays.taken(run, filter));
        }
    }

    @Override
    public void afterUpdate(Step step) {
        float reach = (float) (step.rate() * lambda);
        for (TrainedWeight weight : step.weights()) {
            NDArray start = initial.get(weight.name());
            if (start != null) {
                shrinkage.apply(weight.values(), start, reach);
            }
        }
    }

    @Override
    public Map<String, Object> describe() {
        return lambda == 0 ? Map.of() : Map.of("sleep", PullRule.described(lambda, filter));
    }
}
