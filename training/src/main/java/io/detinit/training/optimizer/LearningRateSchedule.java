package io.detinit.training.optimizer;

import java.util.Locale;

/**
 * How the learning rate changes: a linear warm-up, then one of three courses. The rate of a step is a function of its number alone, so a
 * run can be continued anywhere.
 *
 * @param course the course after the warm-up
 * @param warmupSteps steps of warm-up, >= 0: step t of them (from 1) has t / warmupSteps of the rate
 * @param everyEpochs for STEP: after so many epochs, >= 1, the rate is multiplied by the factor; 1 for the others
 * @param factor for STEP: in (0, 1]; 1 for the others
 */
public record LearningRateSchedule(Course course, long warmupSteps, int everyEpochs, double factor) {

    /** The courses. */
    public enum Course {
        /** The rate stays. */
        CONSTANT,
        /** The rate is multiplied by a factor after every so many epochs. */
        STEP,
        /** Half a cosine from the rate to 0 at the end of training, Loshchilov and Hutter 2017, without restarts. */
        COSINE
    }

    /** The rate stays from the first step. */
    public static final LearningRateSchedule CONSTANT = new LearningRateSchedule(Course.CONSTANT, 0, 1, 1);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public LearningRateSchedule {
        if (warmupSteps < 0) {
            throw new IllegalArgumentException("warm-up of " + warmupSteps + " steps: it must be 0 or more");
        }
        if (everyEpochs < 1) {
            throw new IllegalArgumentException("a step every " + everyEpochs + " epochs: it must be 1 or more");
        }
        if (!(factor > 0 && factor <= 1)) {
            throw new IllegalArgumentException("factor " + factor + " of the learning rate: it must lie in (0, 1]");
        }
    }

    /**
     * Reads {@code constant}, {@code cosine} or {@code step:EPOCHS:FACTOR}, such as {@code step:10:0.1}.
     *
     * @param text the course
     * @param warmupSteps steps of warm-up, >= 0
     * @return the schedule
     * @throws IllegalArgumentException if it is none of these
     */
    public static LearningRateSchedule parse(String text, long warmupSteps) {
        if (text.equals("constant")) {
            return new LearningRateSchedule(Course.CONSTANT, warmupSteps, 1, 1);
        }
        if (text.equals("cosine")) {
            return new LearningRateSchedule(Course.COSINE, warmupSteps, 1, 1);
        }
        String[] parts = text.split(":", -1);
        if (parts.length == 3 && parts[0].equals("step")) {
            try {
                return new LearningRateSchedule(
                        Course.STEP, warmupSteps, Integer.parseInt(parts[1]), Double.parseDouble(parts[2]));
            } catch (NumberFormatException e) {
                // said below
            }
        }
        throw new IllegalArgumentException(
                "unknown schedule '" + text + "'; known: constant, cosine, step:EPOCHS:FACTOR such as step:10:0.1");
    }

    /** {@return the course as {@link #parse} reads it, without the warm-up} */
    public String id() {
        return course == Course.STEP
                ? "step:" + everyEpochs + ":" + factor
                : course.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The factor of a step.
     *
     * @param step the step from 1 to the last of the training
     * @param stepsInEpoch steps in an epoch, >= 1
     * @param steps steps of the whole training
     * @return what the learning rate is multiplied by, in [0, 1]
     */
    public double factorOf(long step, long stepsInEpoch, long steps) {
        if (step <= warmupSteps) {
            return (double) step / warmupSteps;
        }
        return switch (course) {
            case CONSTANT -> 1;
            case STEP -> {
                long epochs = (step - 1) / stepsInEpoch;
                long times = epochs / everyEpochs;
                yield Math.pow(factor, (double) times);
            }
            case COSINE ->
                0.5 * (1 + StrictMath.cos(Math.PI * (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps)));
        };
    }
}
