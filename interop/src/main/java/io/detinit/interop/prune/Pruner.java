package io.detinit.interop.prune;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.DoubleConsumer;

/**
 * Prunes a checkpoint and writes it in the format that came in; everything that is not pruned is kept as it was.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Pruner {

    private final Baseline baseline;
    private final int threads;

    /**
     * Makes a pruner.
     *
     * @param baseline the initial values, made for the checkpoint
     * @param threads how many threads, >= 1
     */
    public Pruner(Baseline baseline, int threads) {
        this.baseline = baseline;
        this.threads = threads;
    }

    /**
     * Prunes.
     *
     * @param checkpoint the trained model
     * @param selection what to prune
     * @param fill what stands where a weight was pruned
     * @param destination the file to appear, whole or not at all
     * @return what was pruned
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if nothing is prunable or the plan does not fit
     */
    public PruneReport prune(Checkpoint checkpoint, Selection selection, Fill fill, Destination destination)
            throws IOException {
        return prune(checkpoint, selection, fill, destination, fraction -> {});
    }

    /**
     * Prunes, and says how far the selection has come.
     *
     * @param checkpoint the trained model
     * @param selection what to prune
     * @param fill what stands where a weight was pruned
     * @param destination the file to appear, whole or not at all
     * @param progress receives the part of the selection that is done, in [0, 1], never from two threads at once
     * @return what was pruned
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if nothing is prunable or the plan does not fit
     */
    public PruneReport prune(
            Checkpoint checkpoint, Selection selection, Fill fill, Destination destination, DoubleConsumer progress)
            throws IOException {
        Map<String, Mask> masks = new Selector(baseline, threads).select(checkpoint.tensors(), selection, progress);
        return prune(checkpoint, masks, fill, destination);
    }

    /**
     * Prunes by masks that are there.
     *
     * @param checkpoint the trained model
     * @param masks 1 = keep, by the names of the parameters, outputs first
     * @param fill what stands where a weight was pruned
     * @param destination the file to appear, whole or not at all
     * @return what was pruned
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a masked tensor has no initial values
     */
    public PruneReport prune(Checkpoint checkpoint, Map<String, Mask> masks, Fill fill, Destination destination)
            throws IOException {
        return write(checkpoint, masks, destination, (tensor, mask) -> {
            String name = tensor.info().name();
            Baseline.Initial initial = baseline.find(name)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "tensor '" + name + "' has a mask and no initial values to go back to"));
            return initial.stored(
                    new PrunedTensor(initial.view(tensor), fill.needsInit() ? initial.values() : null, fill, mask));
        });
    }

    /**
     * Prunes to zero by masks that are there, which needs no initial values.
     *
     * @param checkpoint the trained model
     * @param masks 1 = keep, by the names of the parameters, in the order in which the checkpoint keeps them
     * @param destination the file to appear, whole or not at all
     * @return what was pruned
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a mask has another shape than its tensor
     */
    public static PruneReport zero(Checkpoint checkpoint, Map<String, Mask> masks, Destination destination)
            throws IOException {
        return write(checkpoint, masks, destination, (tensor, mask) -> new PrunedTensor(tensor, null, Fill.ZERO, mask));
    }

    private static PruneReport write(
            Checkpoint checkpoint,
            Map<String, Mask> masks,
            Destination destination,
            BiFunction<TensorView, Mask, TensorView> pruned)
            throws IOException {
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        List<PruneReport.PrunedEntry> entries = new ArrayList<>();
        for (TensorView tensor : checkpoint.tensors()) {
            String name = tensor.info().name();
            Mask mask = masks.get(name);
            if (mask != null) {
                replacements.put(name, pruned.apply(tensor, mask));
                entries.add(new PruneReport.PrunedEntry(name, mask.size(), mask.kept()));
            }
        }
        checkpoint.rewrite(destination.path(), replacements, destination.metadata(), destination.storage());
        return new PruneReport(entries);
    }
}
