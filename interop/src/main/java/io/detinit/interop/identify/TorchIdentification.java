package io.detinit.interop.identify;

import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchVariant;
import java.util.List;
import java.util.Optional;

/**
 * The initial state of a checkpoint under a known seed.
 *
 * @param plan the parameters that were placed, in file order; empty where nothing correlates
 * @param placements of every parameter, how it was placed or why not, in file order
 * @param variant how uniform values were rounded; empty where no weight has kept its first bits or both variants give the same: the
 *     plan then says {@link TorchVariant#FUSED}
 */
public record TorchIdentification(TorchPlan plan, List<TorchPlacement> placements, Optional<TorchVariant> variant) {

    /** Copies the lists. */
    public TorchIdentification {
        placements = List.copyOf(placements);
    }

    /** {@return how many weights have kept the bits they began with, constants not counted} */
    public long identical() {
        return placements.stream()
                .filter(placement -> placement.how() != TorchPlacement.How.CONSTANT)
                .mapToLong(TorchPlacement::identical)
                .sum();
    }

    /** {@return whether anything that is drawn was placed} */
    public boolean isPlaced() {
        return placements.stream().anyMatch(placement -> placement.draw().isPresent());
    }
}
