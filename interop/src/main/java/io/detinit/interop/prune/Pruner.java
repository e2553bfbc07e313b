package io.detinit.interop.prune;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.regenerate.RegenerateReport;
import io.detinit.interop.regenerate.Regenerator;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
     * Prunes, and says how far the selection has come. A threshold on float32 weights is applied while they are written, without a
     * pass of its own.
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
        Selector selector = new Selector(baseline, threads);
        if (selection.target() instanceof Selection.AtMost atMost && isScoredAlone(selection.criterion())) {
            List<String> names = selector.prunableNames(checkpoint.tensors(), selection.candidates());
            if (checkpoint.tensors().stream()
                    .allMatch(tensor -> tensor.info().dtype() == DType.F32
                            || !names.contains(tensor.info().name()))) {
                return above(checkpoint, Set.copyOf(names), selection.criterion(), atMost.limit(), fill, destination);
            }
        }
        Map<String, Mask> masks = selector.select(checkpoint.tensors(), selection, progress);
        return prune(checkpoint, masks, fill, destination);
    }

    private static boolean isScoredAlone(Criterion criterion) {
        return criterion == Criterion.MOVEMENT || criterion == Criterion.MAGNITUDE;
    }

    /** Selects while it writes: a threshold needs no look at the other weights. */
    private PruneReport above(
            Checkpoint checkpoint,
            Set<String> names,
            Criterion criterion,
            double limit,
            Fill fill,
            Destination destination)
            throws IOException {
        return write(checkpoint, names, baseline, destination, tensor -> {
            KeepRule rule =
                    new KeepRule.Above(criterion, limit, tensor.info().shape().elements());
            boolean needsInit = fill.needsInit() || rule.needsInit();
            Baseline.Initial initial = initial(tensor.info().name());
            return new Ruled(rule, new PrunedTensor(tensor, needsInit ? initial.storedValues() : null, fill, rule));
        });
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
        return write(checkpoint, masks.keySet(), baseline, destination, tensor -> {
            Baseline.Initial initial = initial(tensor.info().name());
            Mask mask = mask(masks, tensor, initial.view(tensor).info().shape());
            KeepRule rule =
                    initial.order() == StoredOrder.OUT_IN ? new KeepRule.Stored(mask) : new KeepRule.Turned(mask);
            InitialValues values = fill.needsInit() ? initial.storedValues() : null;
            return new Ruled(rule, new PrunedTensor(tensor, values, fill, rule));
        });
    }

    private Baseline.Initial initial(String name) {
        return baseline.find(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "tensor '" + name + "' has a mask and no initial values to go back to"));
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
        return write(checkpoint, masks.keySet(), null, destination, tensor -> {
            KeepRule rule =
                    new KeepRule.Stored(mask(masks, tensor, tensor.info().shape()));
            return new Ruled(rule, new PrunedTensor(tensor, null, Fill.ZERO, rule));
        });
    }

    private static Mask mask(Map<String, Mask> masks, TensorView tensor, TensorShape shape) {
        String name = tensor.info().name();
        Mask mask = Objects.requireNonNull(masks.get(name));
        if (!mask.shape().equals(shape)) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "' has the shape " + shape + ", its mask " + mask.shape());
        }
        return mask;
    }

    /** A pruned tensor and what it keeps. */
    private record Ruled(KeepRule rule, PrunedTensor tensor) {}

    private static PruneReport write(
            Checkpoint checkpoint,
            Set<String> names,
            @Nullable Baseline baseline,
            Destination destination,
            Function<TensorView, Ruled> pruned)
            throws IOException {
        Map<String, Ruled> ruled = new LinkedHashMap<>();
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        for (TensorView tensor : checkpoint.tensors()) {
            String name = tensor.info().name();
            if (names.contains(name)) {
                Ruled one = pruned.apply(tensor);
                ruled.put(name, one);
                replacements.put(name, one.tensor());
            }
        }
        RegenerateReport regenerated = null;
        if (destination.storage() == TensorStorage.REGENERATE) {
            if (baseline == null || !(checkpoint instanceof OnnxCheckpoint model)) {
                throw new IllegalArgumentException(
                        checkpoint.path() + ": only ONNX models with initial weights of a seed regenerate them");
            }
            regenerated =
                    new Regenerator(model, baseline).write(destination.path(), replacements, destination.metadata());
        } else {
            checkpoint.rewrite(destination.path(), replacements, destination.metadata(), destination.storage());
        }
        List<PruneReport.PrunedEntry> entries = new ArrayList<>();
        ruled.forEach((name, one) -> entries.add(new PruneReport.PrunedEntry(
                name, one.tensor().info().shape().elements(), one.rule().kept())));
        return new PruneReport(entries, Optional.ofNullable(regenerated));
    }
}
