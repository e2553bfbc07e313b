package io.detinit.interop.verify;

/**
 * How well a model classifies.
 *
 * @param samples how many samples were scored
 * @param accuracy the fraction whose largest output is at the label, in [0, 1]; the first of equal outputs counts
 * @param loss mean cross-entropy of softmax(outputs) in nats; meaningful where the outputs are logits
 */
public record Score(int samples, double accuracy, double loss) {}
