package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/** What DJL's interfaces do not offer: setting a gradient to 0, whatever it holds. */
final class Gradients {

    private Gradients() {}

    static void zero(NDArray values) {
        JniUtils.zeroGrad((PtNDArray) values);
    }
}
