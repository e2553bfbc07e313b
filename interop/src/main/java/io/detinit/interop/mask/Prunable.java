package io.detinit.interop.mask;

import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.TensorView;

/**
 * A parameter that is pruned.
 *
 * @param tensor its weights
 * @param values its initial values in the same order
 * @param turned whether that order is inputs first, [in, out]; else it is the logical one, outputs first
 */
record Prunable(TensorView tensor, InitialValues values, boolean turned) {

    /** In the logical order, outputs first. */
    Prunable(TensorView tensor, InitialValues values) {
        this(tensor, values, false);
    }

    String name() {
        return tensor.info().name();
    }

    long elements() {
        return tensor.info().shape().elements();
    }

    /** The place of an element in the logical order, row-major. */
    long address(long element) {
        if (!turned) {
            return element;
        }
        long inputs = tensor.info().shape().dim(0);
        long outputs = tensor.info().shape().dim(1);
        return element % outputs * inputs + element / outputs;
    }
}
