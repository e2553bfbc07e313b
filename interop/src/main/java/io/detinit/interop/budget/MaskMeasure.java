package io.detinit.interop.budget;

import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.Map;

/** How well, or how differently, a model does when some of its parameters are pruned. */
@FunctionalInterface
public interface MaskMeasure {

    /**
     * Measures.
     *
     * @param masks 1 = keep, by the names of the parameters, outputs first; a parameter without a mask is not pruned, so an
     *     empty map stands for the dense model
     * @return an accuracy in [0, 1], or a divergence
     * @throws IOException if reading fails or the model cannot be run
     */
    double of(Map<String, Mask> masks) throws IOException;
}
