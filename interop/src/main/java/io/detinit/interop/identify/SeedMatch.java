package io.detinit.interop.identify;

import io.detinit.generator.InitPlan;
import java.util.List;

/**
 * A seed that made a file, or a part of it.
 *
 * @param plan the initial state, with the seed; entries as in the file
 * @param evidence over all its weights: those of every tensor compared, or of one
 * @param part the name of the tensor that gives the evidence alone, where the others have lost it or come from elsewhere; empty
 *     for all tensors together
 * @param tensors each tensor compared, in plan order
 */
public record SeedMatch(InitPlan plan, SeedEvidence evidence, String part, List<LayerFit> tensors) {

    /** Copies the list. */
    public SeedMatch {
        tensors = List.copyOf(tensors);
    }

    /** Judges a plan by its tensors: by all of them, or where that proves nothing, by the best one. */
    static SeedMatch of(InitPlan plan, List<LayerFit> tensors, double tried) {
        double sum = 0;
        long weights = 0;
        for (LayerFit fit : tensors) {
            sum += fit.evidence().correlation() * fit.evidence().weights();
            weights += fit.evidence().weights();
        }
        SeedEvidence best = SeedEvidence.of(weights == 0 ? 0 : sum / weights, weights, tried);
        String part = "";
        if (!best.found() && tensors.size() > 1) {
            for (LayerFit fit : tensors) {
                SeedEvidence own = SeedEvidence.of(
                        fit.evidence().correlation(), fit.evidence().weights(), tried);
                if (own.logPValue() < best.logPValue()) {
                    best = own;
                    part = fit.tensor().name();
                }
            }
        }
        return new SeedMatch(plan, best, part, tensors);
    }

    /** {@return the seed} */
    public long seed() {
        return plan.seed();
    }
}
