package io.detinit.interop.budget;

/**
 * A sparsity that was tried.
 *
 * @param requested the sparsity that was asked of the selection, pruned / prunable
 * @param sparsity the sparsity of the masks, pruned / prunable; in the scope of a layer each layer rounds by itself
 * @param accuracy the accuracy of the pruned model, in [0, 1]
 * @param loss the accuracy of the dense model less this one; negative where the pruned model does better
 * @param within whether the loss is within the budget
 */
public record SearchPoint(double requested, double sparsity, double accuracy, double loss, boolean within) {}
