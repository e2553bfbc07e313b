package io.detinit.interop.mask;

import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.TensorView;

/**
 * A parameter that is pruned.
 *
 * @param tensor its weights in the logical order, outputs first
 * @param values its initial values
 */
record Prunable(TensorView tensor, InitialValues values) {

    String name() {
        return tensor.info().name();
    }

    long elements() {
        return tensor.info().shape().elements();
    }
}
