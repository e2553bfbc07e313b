package io.detinit.training.lottery;

import io.detinit.training.Score;

/**
 * How a network does after a step.
 *
 * @param step the step, counted from the beginning of the training, those before a late rewind included
 * @param validation on the held-out samples
 * @param test on the test samples
 */
public record Evaluation(long step, Score validation, Score test) {}
