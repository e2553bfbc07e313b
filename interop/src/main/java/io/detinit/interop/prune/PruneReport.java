package io.detinit.interop.prune;

import io.detinit.interop.regenerate.RegenerateReport;
import java.util.List;
import java.util.Optional;

/**
 * What was pruned.
 *
 * @param tensors one entry for each prunable tensor, in file order
 * @param regenerated how they were stored, where a seed was to stand for the initial weights
 */
public record PruneReport(List<PrunedEntry> tensors, Optional<RegenerateReport> regenerated) {

    /** Copies the list. */
    public PruneReport {
        tensors = List.copyOf(tensors);
    }

    /**
     * One tensor.
     *
     * @param name its name
     * @param elements how many weights it has
     * @param kept how many were kept
     */
    public record PrunedEntry(String name, long elements, long kept) {}

    /** {@return how many weights were prunable} */
    public long prunable() {
        return tensors.stream().mapToLong(PrunedEntry::elements).sum();
    }

    /** {@return how many weights were kept} */
    public long kept() {
        return tensors.stream().mapToLong(PrunedEntry::kept).sum();
    }

    /** {@return pruned / prunable, in [0, 1]; 0 where nothing was prunable} */
    public double sparsity() {
        return prunable() == 0 ? 0 : (double) (prunable() - kept()) / prunable();
    }
}
