package io.detinit.spark;

import io.detinit.generator.PlannedTensor;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.identify.SeedTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;

/**
 * A tensor that is compared with the initial values of a seed, as executors see it.
 *
 * @param file the file, as Hadoop names it
 * @param planned the address of its initial values
 * @param orderKnown whether the file says which way round it keeps the tensor
 */
record SeedSpec(String file, PlannedTensor planned, boolean orderKnown) implements Serializable {

    static SeedSpec of(SeedTensor tensor, String file) {
        return new SeedSpec(file, tensor.planned(), tensor.orderKnown());
    }

    /**
     * The tensor on the machine that has opened its file.
     *
     * @param opened the file
     * @param end the element, outputs first, before which reading stops
     */
    SeedTensor open(Checkpoint opened, long end) throws IOException {
        TensorView stored = opened.find(planned.name())
                .orElseThrow(() -> new IOException(file + ": the tensor '" + planned.name() + "' is gone"));
        long stop = planned.stored() == StoredOrder.OUT_IN
                ? Math.min(end, stored.info().shape().elements())
                : stored.info().shape().elements();
        return new SeedTensor(planned, WeightSpec.ahead(stored, stop), orderKnown);
    }
}
