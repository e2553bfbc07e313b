package io.detinit.training.optimizer;

import java.util.Arrays;
import java.util.Locale;

/** The optimizers. */
public enum OptimizerKind {
    /** Stochastic gradient descent, with momentum (classical or Nesterov's) where it is not 0. */
    SGD,
    /** Adam, Kingma and Ba 2015; weight decay is added to the gradient (L2). */
    ADAM,
    /** Adam with decoupled weight decay, Loshchilov and Hutter 2019. */
    ADAMW;

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it
     * @return the optimizer
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static OptimizerKind parse(String name) {
        for (OptimizerKind kind : values()) {
            if (kind.id().equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("unknown optimizer '" + name + "'; known: "
                + String.join(
                        ", ", Arrays.stream(values()).map(OptimizerKind::id).toList()));
    }

    /** {@return the usual learning rate: 0.1 for SGD, 0.001 for the others} */
    public double defaultLearningRate() {
        return this == SGD ? 0.1 : 0.001;
    }
}
