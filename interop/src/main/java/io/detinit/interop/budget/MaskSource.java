package io.detinit.interop.budget;

import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.Map;

/** The masks of a model at a sparsity, such as {@code sparsity -> selector.select(tensors, selectionAt(sparsity))}. */
@FunctionalInterface
public interface MaskSource {

    /**
     * Selects.
     *
     * @param sparsity pruned / prunable, in [0, 1]
     * @return one mask for each prunable parameter, by name in file order, outputs first
     * @throws IOException if reading fails
     */
    Map<String, Mask> at(double sparsity) throws IOException;
}
