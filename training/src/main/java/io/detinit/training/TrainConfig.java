package io.detinit.training;

import io.detinit.generator.InitRules;
import io.detinit.models.ModelSpec;
import java.util.Arrays;
import java.util.Locale;

/**
 * How to train.
 *
 * @param model the model
 * @param rules the schemes of its parameters
 * @param seed the seed of the initial weights and of the order of the samples
 * @param epochs how many passes over the training samples, >= 1
 * @param batch samples in a step, >= 1; the last step of an epoch may have fewer
 * @param optimizer which optimizer
 * @param learningRate constant, > 0
 * @param momentum of SGD, in [0, 1)
 * @param weightDecay >= 0: added to the gradient as weightDecay * w (L2); decoupled for adamw
 * @param device where to train
 */
public record TrainConfig(
        ModelSpec model,
        InitRules rules,
        long seed,
        int epochs,
        int batch,
        OptimizerKind optimizer,
        double learningRate,
        double momentum,
        double weightDecay,
        DeviceChoice device) {

    /** The optimizers. */
    public enum OptimizerKind {
        /** Stochastic gradient descent, with momentum where it is not 0. */
        SGD,
        /** Adam, Kingma and Ba 2015, beta 0.9 and 0.999, epsilon 1e-8. */
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

        /** {@return the learning rate used where none is given: 0.1 for SGD, 0.001 for Adam and AdamW} */
        public double defaultLearningRate() {
            return this == SGD ? 0.1 : 0.001;
        }
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public TrainConfig {
        require(epochs >= 1, "epochs", epochs, "at least 1");
        require(batch >= 1, "batch", batch, "at least 1");
        require(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY, "learning rate", learningRate, "positive");
        require(momentum >= 0 && momentum < 1, "momentum", momentum, "in [0, 1)");
        require(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY, "weight decay", weightDecay, "at least 0");
        if (momentum != 0 && optimizer != OptimizerKind.SGD) {
            throw new IllegalArgumentException("momentum belongs to sgd; " + optimizer.id() + " takes none");
        }
    }

    private static void require(boolean ok, String what, Number found, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + found + " must be " + expected);
        }
    }
}
