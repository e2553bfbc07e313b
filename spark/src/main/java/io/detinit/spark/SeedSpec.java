package io.detinit.spark;

import io.detinit.generator.PlannedTensor;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.identify.SeedTensor;
import java.io.IOException;
import java.io.Serializable;

/**
 * A tensor that is compared with the initial values of a seed, as executors see it.
 *
 * @param stored where its elements lie
 * @param planned the address of its initial values
 * @param orderKnown whether the file says which way round it keeps the tensor
 */
record SeedSpec(StoredSpec stored, PlannedTensor planned, boolean orderKnown) implements Serializable {

    static SeedSpec of(SeedTensor tensor) throws IOException {
        return new SeedSpec(StoredSpec.of(tensor.stored()), tensor.planned(), tensor.orderKnown());
    }

    /**
     * The tensor on the machine that will read a range of it from front to back.
     *
     * @param files opens its files when they are needed
     * @param end the element, outputs first, before which reading stops
     */
    SeedTensor open(OpenFiles files, long end) {
        long elements = planned.shape().elements();
        long stop = planned.stored() == StoredOrder.OUT_IN ? Math.min(end, elements) : elements;
        return new SeedTensor(planned, stored.open(files, stop), orderKnown);
    }
}
