package io.detinit.training.optimizer;

/**
 * An optimizer and its constants.
 *
 * @param kind which optimizer
 * @param learningRate the rate that a {@link LearningRateSchedule} scales, > 0
 * @param momentum of SGD, in [0, 1); 0 for the others
 * @param nesterov Nesterov's form of the momentum, which must not be 0 then
 * @param weightDecay >= 0: added to the gradient as weightDecay * w (L2); decoupled, w -= rate * weightDecay * w, for adamw
 * @param beta1 decay of Adam's first moment, in [0, 1)
 * @param beta2 decay of Adam's second moment, in [0, 1)
 * @param epsilon what Adam adds to the root of the second moment, > 0
 */
public record OptimizerConfig(
        OptimizerKind kind,
        double learningRate,
        double momentum,
        boolean nesterov,
        double weightDecay,
        double beta1,
        double beta2,
        double epsilon) {

    /** Adam's usual decay of the first moment. */
    public static final double BETA1 = 0.9;

    /** Adam's usual decay of the second moment. */
    public static final double BETA2 = 0.999;

    /** Adam's usual epsilon. */
    public static final double EPSILON = 1e-8;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of range, or the optimizer does not have it
     */
    public OptimizerConfig {
        if (!(learningRate > 0) || Double.isInfinite(learningRate)) {
            throw new IllegalArgumentException("learning rate " + learningRate + ": it must be greater than 0");
        }
        unit("momentum", momentum);
        unit("beta1", beta1);
        unit("beta2", beta2);
        if (kind != OptimizerKind.SGD && momentum != 0) {
            throw new IllegalArgumentException("momentum " + momentum + ": only sgd has one");
        }
        if (nesterov && momentum == 0) {
            throw new IllegalArgumentException("Nesterov's form needs sgd with a momentum greater than 0");
        }
        if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
            throw new IllegalArgumentException("weight decay " + weightDecay + ": it must be 0 or more");
        }
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new IllegalArgumentException("epsilon " + epsilon + ": it must be greater than 0");
        }
    }

    private static void unit(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " " + value + ": it must lie in [0, 1)");
        }
    }

    /**
     * An optimizer with its usual constants.
     *
     * @param kind which
     * @return its default learning rate, no momentum, no decay
     */
    public static OptimizerConfig of(OptimizerKind kind) {
        return new OptimizerConfig(kind, kind.defaultLearningRate(), 0, false, 0, BETA1, BETA2, EPSILON);
    }

    /**
     * Another learning rate.
     *
     * @param rate > 0
     * @return the optimizer with it
     */
    public OptimizerConfig withLearningRate(double rate) {
        return new OptimizerConfig(kind, rate, momentum, nesterov, weightDecay, beta1, beta2, epsilon);
    }

    /**
     * Another momentum.
     *
     * @param value in [0, 1)
     * @param nesterovForm whether in Nesterov's form
     * @return the optimizer with it
     */
    public OptimizerConfig withMomentum(double value, boolean nesterovForm) {
        return new OptimizerConfig(kind, learningRate, value, nesterovForm, weightDecay, beta1, beta2, epsilon);
    }

    /**
     * Another weight decay.
     *
     * @param decay >= 0
     * @return the optimizer with it
     */
    public OptimizerConfig withWeightDecay(double decay) {
        return new OptimizerConfig(kind, learningRate, momentum, nesterov, decay, beta1, beta2, epsilon);
    }
}
