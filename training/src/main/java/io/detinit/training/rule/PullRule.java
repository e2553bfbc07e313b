package io.detinit.training.rule;

import ai.djl.ndarray.NDArray;
import io.detinit.interop.mask.NameFilter;
import io.detinit.training.Step;
import io.detinit.training.StepHook;
import io.detinit.training.TrainedWeight;
import io.detinit.training.TrainingRun;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pulls weights towards their initial values by the L2 penalty {@code lambda / 2 * sum (w - w0)^2}, as weight decay pulls them towards
 * zero. For SGD and Adam {@code lambda * (w - w0)} is added to the gradient, after it was clipped; for AdamW it is decoupled: {@code w -=
 * rate * lambda * (w - w0)} before the update. A weight at w0 is not moved by it, but unlike {@link SleepRule} it puts no
 * weight back to w0 exactly.
 *
 * <p>Initial values are regenerated from the run's plan and kept in memory while the run lasts, four bytes a weight; nothing is
 * stored. One rule serves one run. Not thread-safe. (Li, Grandvalet and Davoine, Explicit Inductive Bias for Transfer
 * Learning with Convolutional Networks, 2018: L2-SP.)
 */
public final class PullRule implements StepHook {

    private final double lambda;
    private final NameFilter filter;
    private final Map<String, NDArray> initial = new LinkedHashMap<>();
    private boolean decoupled;

    /**
     * Makes a rule for all trained parameters of rank >= 2.
     *
     * @param lambda the penalty, >= 0; 0 changes nothing, not a bit
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public PullRule(double lambda) {
        this(lambda, NameFilter.ALL);
    }

    /**
     * Makes a rule.
     *
     * @param lambda the penalty, >= 0; 0 changes nothing, not a bit
     * @param filter the names of the parameters; vectors (biases, norm scales) only where a pattern of {@code include} fits
     * @throws IllegalArgumentException if lambda is negative or not finite
     */
    public PullRule(double lambda, NameFilter filter) {
        this.lambda = SleepRule.requirePenalty("pull", lambda);
        this.filter = filter;
    }

    /**
     * Regenerates the initial values.
     *
     * @throws IllegalArgumentException if a pattern fits no parameter, or nothing is taken
     */
    @Override
    public void begin(TrainingRun run) {
        initial.clear();
        decoupled = run.config().optimizer().kind() == OptimizerKind.ADAMW;
        if (lambda > 0) {
            initial.putAll(InitialArrays.taken(run, filter));
        }
    }

    @Override
    public void beforeUpdate(Step step) {
        float factor = (float) (decoupled ? step.rate() * lambda : lambda);
        for (TrainedWeight weight : step.weights()) {
            NDArray start = initial.get(weight.name());
            if (start != null) {
                try (NDArray pull = weight.values().sub(start)) {
                    pull.muli(factor);
                    if (decoupled) {
                        weight.values().subi(pull);
                    } else {
                        weight.gradient().addi(pull);
                    }
                }
            }
        }
    }

    @Override
    public Map<String, Object> describe() {
        return lambda == 0 ? Map.of() : Map.of("pull", described(lambda, filter));
    }

    static Map<String, Object> described(double lambda, NameFilter filter) {
        Map<String, Object> rule = new LinkedHashMap<>();
        rule.put("lambda", lambda);
        rule.put("include", filter.include());
        rule.put("exclude", filter.exclude());
        return rule;
    }
}
