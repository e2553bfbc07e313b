package io.detinit.interop.shrink;

import java.util.List;
import java.util.Optional;

/**
 * What a shrinking came to.
 *
 * @param layers the layers whose units were looked at, in the order of the graph
 * @param inputs the layers that read fewer inputs of the model than before
 * @param leftAlone what stays as it is, and why; not empty where nothing was removed
 * @param assumptions what inputs have to be for the outputs to be equal; empty where any finite input will do
 * @param before what the model cost; empty where it could not be run
 * @param after what the written model costs; empty where the first is
 * @param proof how the outputs were compared; empty where nothing was removed
 */
public record ShrinkReport(
        List<ShrunkLayer> layers,
        List<ShrunkInputs> inputs,
        List<LeftAlone> leftAlone,
        List<Assumption> assumptions,
        Optional<Cost> before,
        Optional<Cost> after,
        Optional<Proof> proof) {

    /** Copies the lists. */
    public ShrinkReport {
        layers = List.copyOf(layers);
        inputs = List.copyOf(inputs);
        leftAlone = List.copyOf(leftAlone);
        assumptions = List.copyOf(assumptions);
    }

    /** {@return whether anything was removed} */
    public boolean shrunk() {
        return proof.isPresent();
    }

    /** {@return how many units of all layers were removed} */
    public int removedUnits() {
        return layers.stream().mapToInt(ShrunkLayer::removed).sum();
    }
}
