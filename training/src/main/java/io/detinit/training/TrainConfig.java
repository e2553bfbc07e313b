package io.detinit.training;

import io.detinit.generator.InitRules;
import io.detinit.models.ModelSpec;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.Objects;

/**
 * How to train. Made by {@link #builder}.
 *
 * @param model the model
 * @param rules the schemes of its parameters
 * @param seed the seed of the initial weights, of the order of the samples and of dropout
 * @param epochs how many passes over the training samples, >= 1
 * @param batch samples in a step, >= 1; the last step of an epoch may have fewer
 * @param optimizer the optimizer and its constants
 * @param schedule how the learning rate changes
 * @param clipNorm the Euclidean norm that all gradients together have at most; infinite for no clipping
 * @param labelSmoothing the part of a label's weight that is spread evenly over all classes, in [0, 1)
 * @param device where to train
 */
public record TrainConfig(
        ModelSpec model,
        InitRules rules,
        long seed,
        int epochs,
        int batch,
        OptimizerConfig optimizer,
        LearningRateSchedule schedule,
        double clipNorm,
        double labelSmoothing,
        DeviceChoice device) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public TrainConfig {
        Objects.requireNonNull(optimizer, "optimizer");
        require(epochs >= 1, "epochs", epochs, "at least 1");
        require(batch >= 1, "batch", batch, "at least 1");
        require(clipNorm > 0, "gradient norm", clipNorm, "positive");
        require(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", labelSmoothing, "in [0, 1)");
    }

    private static void require(boolean ok, String what, Number found, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + found + " must be " + expected);
        }
    }

    /**
     * Begins with the usual values: the model's default rules, 5 epochs, batch 128, SGD 0.1, constant rate, no clipping, no smoothing, auto device.
     *
     * @param model the model
     * @param seed the seed
     * @return the builder
     */
    public static Builder builder(ModelSpec model, long seed) {
        return new Builder(model, seed);
    }

    /** {@return a builder that begins with these values} */
    public Builder toBuilder() {
        return new Builder(model, seed)
                .rules(rules)
                .epochs(epochs)
                .batch(batch)
                .optimizer(optimizer)
                .schedule(schedule)
                .clipNorm(clipNorm)
                .labelSmoothing(labelSmoothing)
                .device(device);
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private final ModelSpec model;
        private long seed;
        private InitRules rules;
        private int epochs = 5;
        private int batch = 128;
        private OptimizerConfig optimizer = OptimizerConfig.of(OptimizerKind.SGD);
        private LearningRateSchedule schedule = LearningRateSchedule.CONSTANT;
        private double clipNorm = Double.POSITIVE_INFINITY;
        private double labelSmoothing;
        private DeviceChoice device = DeviceChoice.AUTO;

        private Builder(ModelSpec model, long seed) {
            this.model = model;
            this.seed = seed;
            this.rules = model.defaultRules();
        }

        /**
         * Sets the seed.
         *
         * @param value any
         * @return this
         */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Sets the schemes of the parameters.
         *
         * @param value the rules
         * @return this
         */
        public Builder rules(InitRules value) {
            rules = value;
            return this;
        }

        /**
         * Sets the number of epochs.
         *
         * @param value >= 1
         * @return this
         */
        public Builder epochs(int value) {
            epochs = value;
            return this;
        }

        /**
         * Sets the samples in a step.
         *
         * @param value >= 1
         * @return this
         */
        public Builder batch(int value) {
            batch = value;
            return this;
        }

        /**
         * Sets the optimizer.
         *
         * @param value the optimizer and its constants
         * @return this
         */
        public Builder optimizer(OptimizerConfig value) {
            optimizer = value;
            return this;
        }

        /**
         * Sets an optimizer with its usual constants.
         *
         * @param kind which
         * @return this
         */
        public Builder optimizer(OptimizerKind kind) {
            return optimizer(OptimizerConfig.of(kind));
        }

        /**
         * Sets how the learning rate changes.
         *
         * @param value the schedule
         * @return this
         */
        public Builder schedule(LearningRateSchedule value) {
            schedule = value;
            return this;
        }

        /**
         * Sets the largest norm of the gradients.
         *
         * @param value > 0, may be infinite
         * @return this
         */
        public Builder clipNorm(double value) {
            clipNorm = value;
            return this;
        }

        /**
         * Sets the label smoothing.
         *
         * @param value in [0, 1)
         * @return this
         */
        public Builder labelSmoothing(double value) {
            labelSmoothing = value;
            return this;
        }

        /**
         * Sets where to train.
         *
         * @param value the device choice
         * @return this
         */
        public Builder device(DeviceChoice value) {
            device = value;
            return this;
        }

        /**
         * {@return the configuration}
         *
         * @throws IllegalArgumentException if a number lies outside its interval
         */
        public TrainConfig build() {
            return new TrainConfig(
                    model, rules, seed, epochs, batch, optimizer, schedule, clipNorm, labelSmoothing, device);
        }
    }
}
