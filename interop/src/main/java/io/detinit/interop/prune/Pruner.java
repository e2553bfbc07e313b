package io.detinit.interop.prune;

import io.detinit.generator.InitPlan;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Prunes a checkpoint and writes it in the format that came in; everything that is not pruned is kept as it was.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Pruner {

    private final InitPlan plan;
    private final int threads;

    /**
     * Makes a pruner.
     *
     * @param plan the initial state
     * @param threads how many threads, >= 1
     */
    public Pruner(InitPlan plan, int threads) {
        this.plan = plan;
        this.threads = threads;
    }

    /**
     * Prunes.
     *
     * @param checkpoint the trained model
     * @param selection what to prune
     * @param fill what stands where a weight was pruned
     * @param target the file to appear, whole or not at all
     * @param metadata entries to add to the file's metadata
     * @return what was pruned
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if nothing is prunable or the plan does not fit
     */
    public PruneReport prune(
            Checkpoint checkpoint, Selection selection, Fill fill, Path target, Map<String, String> metadata)
            throws IOException {
        Map<String, Mask> masks = new Selector(plan, threads).select(checkpoint.tensors(), selection);
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        List<PruneReport.PrunedEntry> entries = new ArrayList<>();
        for (TensorView tensor : checkpoint.tensors()) {
            String name = tensor.info().name();
            Mask mask = masks.get(name);
            if (mask == null) {
                continue;
            }
            replacements.put(name, new PrunedTensor(tensor, plan.init(name), mask, fill));
            entries.add(new PruneReport.PrunedEntry(name, mask.size(), mask.kept()));
        }
        checkpoint.rewrite(target, replacements, metadata);
        return new PruneReport(entries);
    }
}
