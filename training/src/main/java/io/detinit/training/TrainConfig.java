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
 * @param validation the part of the training samples, the last ones, that is not trained on and scored after every epoch, in [0, 1);
 *     of n samples floor(validation * n) and at least one, unless it is 0
 * @param earlyStopping when to stop before the last epoch; needs a validation part
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
        DeviceChoice device,
        double validation,
        EarlyStopping earlyStopping) {

    /** The validation part where early stopping needs one and none was named: the last sixth, as {@link io.detinit.training.data.DataSet}. */
    public static final double DEFAULT_VALIDATION = 1.0 / 6;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one lies outside its interval, or early stopping has no validation part
     */
    public TrainConfig {
        Objects.requireNonNull(optimizer, "optimizer");
        require(epochs >= 1, "epochs", epochs, "at least 1");
        require(batch >= 1, "batch", batch, "at least 1");
        require(clipNorm > 0, "gradient norm", clipNorm, "positive");
        require(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", labelSmoothing, "in [0, 1)");
        require(validation >= 0 && validation < 1, "validation part", validation, "in [0, 1)");
        if (earlyStopping.isOn() && validation == 0) {
            throw new IllegalArgumentException("early stopping needs a validation part greater than 0");
        }
    }

    /**
     * How many training samples are held out.
     *
     * @param samples how many training samples there are
     * @return the last so many are not trained on
     * @throws IllegalArgumentException if none would be left to train on
     */
    public int held(int samples) {
        if (validation == 0) {
            return 0;
        }
        int held = Math.max(1, (int) (validation * samples + 1e-6)); // 1/6 of 60,000 is 10,000
        if (held >= samples) {
            throw new IllegalArgumentException(
                    "a validation part of " + validation + " leaves none of " + samples + " samples to train on");
        }
        return held;
    }

    private static void require(boolean ok, String what, Number found, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + found + " must be " + expected);
        }
    }

    /**
     * Begins with the usual values: the model's default rules, 5 epochs, batch 128, SGD 0.1, constant rate, no clipping, no smoothing,
     * auto device, no validation part, no early stopping.
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
                .device(device)
                .validation(validation)
                .earlyStopping(earlyStopping);
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
        private double validation;
        private EarlyStopping earlyStopping = EarlyStopping.NEVER;

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
         * Sets the part of the training samples that is held out.
         *
         * @param value in [0, 1)
         * @return this
         */
        public Builder validation(double value) {
            validation = value;
            return this;
        }

        /**
         * Sets when to stop before the last epoch.
         *
         * @param value the rule; it needs a validation part
         * @return this
         */
        public Builder earlyStopping(EarlyStopping value) {
            earlyStopping = value;
            return this;
        }

        /**
         * {@return the configuration}
         *
         * @throws IllegalArgumentException if a number lies outside its interval
         */
        public TrainConfig build() {
            return new TrainConfig(
                    model,
                    rules,
                    seed,
                    epochs,
                    batch,
                    optimizer,
                    schedule,
                    clipNorm,
                    labelSmoothing,
                    device,
                    validation,
                    earlyStopping);
        }
    }
}
