package io.detinit.interop.mask;

/**
 * Where a ranking was cut.
 *
 * @param score the highest score of the pruned weights, for a threshold the threshold; of the weights with that very score only
 *     the first by address were pruned where a sparsity was asked for; NaN where weights that are not numbers had to go
 * @param changedSign whether the cut lies among the weights that changed sign, which a same_sign criterion prunes first: then no
 *     other was pruned
 */
public record Cut(double score, boolean changedSign) {}
