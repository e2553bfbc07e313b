package io.detinit.training;

/**
 * How a model does on some samples.
 *
 * @param loss mean cross-entropy
 * @param accuracy fraction classified correctly, in [0, 1]
 */
public record Score(double loss, double accuracy) {}
