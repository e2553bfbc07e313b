package io.detinit.training.optimizer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * An optimizer with its state in the open. Steps follow PyTorch's {@code SGD}, {@code Adam} and {@code AdamW}: the momentum buffer
 * holds gradients, not steps, so that a schedule changes the rate of all of it; Nesterov's form adds the gradient once more. For Adam
 * DJL's native update has the bias correction in the rate, as in Kingma and Ba's section 2, last lines; epsilon is scaled so that it
 * weighs as in their algorithm 1 and in PyTorch.
 *
 * <p>Deterministic on the CPU. Not thread-safe.
 */
public final class ParameterOptimizer {

    private final OptimizerConfig config;
    private final NDManager manager;
    private final Map<String, NDArray> state = new LinkedHashMap<>();

    /**
     * Makes an optimizer without state.
     *
     * @param config its constants
     * @param manager owns the state
     */
    public ParameterOptimizer(OptimizerConfig config, NDManager manager) {
        this.config = config;
        this.manager = manager;
    }

    /** {@return the constants} */
    public OptimizerConfig config() {
        return config;
    }

    /**
     * The state: {@code momentum.NAME} for SGD, {@code mean.NAME} and {@code variance.NAME} for Adam, in the order of first use. The
     * arrays belong to the optimizer.
     *
     * @return what there is
     */
    public Map<String, NDArray> state() {
        return java.util.Collections.unmodifiableMap(state);
    }

    /**
     * Gives an array of the state back.
     *
     * @param key as in {@link #state}
     * @param value copied into an array of the optimizer's own
     */
    public void restore(String key, NDArray value) {
        NDArray own = value.duplicate();
        own.attach(manager);
        NDArray before = state.put(key, own);
        if (before != null) {
            before.close();
        }
    }

    /**
     * Updates a parameter in place. The gradient is overwritten.
     *
     * @param name the parameter's name
     * @param weight its values, changed
     * @param gradient of the same shape
     * @param factor what the schedule multiplies the learning rate by
     * @param step the step from 1, for Adam's bias correction
     */
    public void update(String name, NDArray weight, NDArray gradient, double factor, long step) {
        double rate = config.learningRate() * factor;
        if (config.kind() == OptimizerKind.SGD) {
            sgd(name, weight, gradient, (float) rate);
        } else {
            adam(name, weight, gradient, rate, step);
        }
    }

    private void sgd(String name, NDArray weight, NDArray gradient, float rate) {
        if (config.weightDecay() != 0) {
            try (NDArray decay = weight.mul((float) config.weightDecay())) {
                gradient.addi(decay);
            }
        }
        if (config.momentum() != 0) {
            float momentum = (float) config.momentum();
            NDArray buffer = array("momentum." + name, weight);
            buffer.muli(momentum).addi(gradient);
            if (config.nesterov()) {
                try (NDArray ahead = buffer.mul(momentum)) {
                    gradient.addi(ahead);
                }
            } else {
                try (NDArray step = buffer.mul(rate)) {
                    weight.subi(step);
                }
                return;
            }
        }
        weight.subi(gradient.muli(rate));
    }

    private void adam(String name, NDArray weight, NDArray gradient, double rate, long step) {
        // the native update computes 1 - beta in float32: with beta as it has it, the weights of all gradients add up
        // to 1
        double first = 1 - Math.pow((float) config.beta1(), (double) step);
        double second = 1 - Math.pow((float) config.beta2(), (double) step);
        NDList inputs = new NDList(weight, gradient, array("mean." + name, weight), array("variance." + name, weight));
        weight.getNDArrayInternal()
                .adamUpdate(
                        inputs,
                        new NDList(weight),
                        (float) rate,
                        (float) (rate * Math.sqrt(second) / first),
                        (float) config.weightDecay(),
                        1,
                        -1,
                        (float) config.beta1(),
                        (float) config.beta2(),
                        (float) (config.epsilon() * Math.sqrt(second)),
                        true,
                        config.kind() == OptimizerKind.ADAMW);
    }

    private NDArray array(String key, NDArray like) {
        return Objects.requireNonNull(state.computeIfAbsent(key, k -> {
            NDArray zeros = manager.zeros(like.getShape(), like.getDataType());
            return zeros;
        }));
    }
}
