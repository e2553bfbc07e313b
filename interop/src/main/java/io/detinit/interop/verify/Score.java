package io.detinit.interop.verify;

/**
 * How well a classifier does on labelled samples.
 *
 * @param samples how many
 * @param accuracy the fraction whose largest output (the first of equals) is at the label, in [0, 1]; an output row that
 *     holds a NaN is wrong
 * @param loss the mean cross-entropy in nats, computed in double
 * @param probabilities whether the outputs were taken as probabilities (the model ends in a softmax) and not as logits
 */
public record Score(int samples, double accuracy, double loss, boolean probabilities) {}
