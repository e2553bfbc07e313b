package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.util.Arrays;

/**
 * How the samples of the user's own files are divided. The order is a permutation addressed by a seed: the same on every machine.
 *
 * @param train the training samples in the order of the permutation
 * @param test the test samples in the order of the file
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record Split(int[] train, int[] test) {

    /** The part of the samples that is for testing where a file does not say it. */
    static final double DEFAULT_HOLDOUT = 0.2;

    /** The validation part is one of so many parts of the training samples. */
    private static final int VALIDATION_PART = 6;

    /** How many of the training samples, from the end, are for validation. */
    static int validation(int trainCount) {
        return Math.max(1, trainCount / VALIDATION_PART);
    }

    /**
     * The training samples in an order that does not follow their classes, as files often do: the validation part is the end of
     * it.
     */
    static int[] order(long seed, int count) {
        return EpochOrder.permutation(seed, 0, count); // epochs begin at 1: no training visits samples in this order
    }

    /**
     * Holds samples out for testing.
     *
     * @param file for messages
     * @param seed of the permutation
     * @param holdout the part that is for testing, in (0, 1); one sample at least, and one is left for training
     * @param count how many samples there are
     * @throws MalformedFileException if there are fewer than two samples
     */
    static Split holdOut(Object file, long seed, double holdout, int count) throws MalformedFileException {
        if (count < 2) {
            throw MalformedFileException.of(
                    file, "samples", Integer.toString(count), "two at least, to train and to test");
        }
        int held = Math.max(1, Math.min(count - 1, (int) Math.round(holdout * count)));
        int[] order = order(seed, count);
        int[] test = Arrays.copyOf(order, held);
        Arrays.sort(test);
        return new Split(Arrays.copyOfRange(order, held, count), test);
    }
}
