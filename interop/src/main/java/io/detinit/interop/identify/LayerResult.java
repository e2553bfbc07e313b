package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import java.util.List;

/**
 * The layer ids that a file's tensors have.
 *
 * @param plan the plan with the right ids and stored orders; a tensor for which none was found keeps the one that was planned, or
 *     where another tensor has that, gets the lowest id that is free
 * @param tensors each tensor compared, in plan order
 */
public record LayerResult(InitPlan plan, List<LayerFit> tensors) {

    /** Copies the list. */
    public LayerResult {
        tensors = List.copyOf(tensors);
    }

    /** {@return how many tensors have another id or stored order than was planned, and are known to} */
    public long changed() {
        return tensors.stream()
                .filter(fit -> fit.changed() && fit.evidence().found())
                .count();
    }
}
