package io.detinit.training;

import org.jspecify.annotations.Nullable;

/**
 * What an epoch brought.
 *
 * @param epoch its number, from 1
 * @param trainLoss mean cross-entropy over the epoch's samples, each before the update of its step
 * @param testLoss mean cross-entropy of the test samples after the epoch
 * @param testAccuracy fraction of test samples classified correctly after the epoch, in [0, 1]
 * @param seconds the time of the training steps, without the test
 * @param learningRate the rate of the epoch's last step
 * @param validation loss and accuracy on the samples that were held out, after the epoch; null where there are none
 */
public record EpochResult(
        int epoch,
        double trainLoss,
        double testLoss,
        double testAccuracy,
        double seconds,
        double learningRate,
        @Nullable Score validation) {}
