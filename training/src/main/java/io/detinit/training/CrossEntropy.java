package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.loss.Loss;

/**
 * Mean cross-entropy of logits [N, classes] and labels int64 [N]. With smoothing s the wanted distribution is (1 - s) at the label and
 * s / classes at every class (Szegedy et al. 2016; as PyTorch's {@code label_smoothing}).
 *
 * @param smoothing s, in [0, 1)
 */
record CrossEntropy(double smoothing) {

    static final CrossEntropy PLAIN = new CrossEntropy(0);

    private static final Loss DJL = Loss.softmaxCrossEntropyLoss();

    NDArray of(NDArray logits, NDArray labels) {
        NDArray plain = DJL.evaluate(new NDList(labels), new NDList(logits));
        if (smoothing == 0) {
            return plain;
        }
        NDArray even = logits.logSoftmax(1).mean().neg();
        return plain.mul((float) (1 - smoothing)).add(even.mul((float) smoothing));
    }
}
