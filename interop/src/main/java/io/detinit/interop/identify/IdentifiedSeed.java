package io.detinit.interop.identify;

import io.detinit.interop.plan.Plan;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A seed that made a file, of either kind, for the text and the JSON.
 *
 * @param kind {@code seed} or {@code torch-seed}
 * @param plan the initial state, with the seed
 * @param ordinary whether {@code audit --seed} (or {@code --torch-seed}) arrives at this plan by itself
 * @param position where in PyTorch's stream the first tensor was drawn; empty for the addressable initialisation
 * @param variant which of PyTorch's kernels drew it; empty for the addressable initialisation
 * @param correlation of w and w0
 * @param weights over how many weights
 * @param logPValue the natural logarithm of the p-value, corrected for everything tried
 * @param part the tensor that alone gives the evidence; empty where all do together
 * @param tensors each tensor compared
 * @param otherSeeds further seeds that made parts of the file
 */
public record IdentifiedSeed(
        String kind,
        Plan plan,
        boolean ordinary,
        OptionalLong position,
        Optional<String> variant,
        double correlation,
        long weights,
        double logPValue,
        String part,
        List<IdentifiedTensor> tensors,
        List<Long> otherSeeds) {

    /** Copies the lists. */
    public IdentifiedSeed {
        tensors = List.copyOf(tensors);
        otherSeeds = List.copyOf(otherSeeds);
    }

    /** The kind of a seed of the addressable initialisation. */
    public static final String SEED = "seed";
    /** The kind of a seed of {@code torch.manual_seed}. */
    public static final String TORCH_SEED = "torch-seed";

    /** {@return the option of other commands that takes the seed, and the seed} */
    public String option() {
        String value = Long.toString(plan.seed());
        return "--" + kind + (value.startsWith("-") ? "=" : " ") + value;
    }
}
