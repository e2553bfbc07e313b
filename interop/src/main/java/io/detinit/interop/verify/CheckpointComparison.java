package io.detinit.interop.verify;

import java.util.List;

/**
 * Two checkpoints compared.
 *
 * @param tensors one for each name: those of the first checkpoint in its order, then those that only the second has
 */
public record CheckpointComparison(List<TensorComparison> tensors) {

    /** Copies the list. */
    public CheckpointComparison {
        tensors = List.copyOf(tensors);
    }

    /** {@return whether both have the same tensors with the same bits} */
    public boolean identical() {
        return tensors.stream().allMatch(t -> t.outcome() == TensorComparison.Outcome.IDENTICAL);
    }

    /** {@return the tensors that are not identical} */
    public List<TensorComparison> mismatches() {
        return tensors.stream()
                .filter(t -> t.outcome() != TensorComparison.Outcome.IDENTICAL)
                .toList();
    }
}
