package io.detinit.interop.mask;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * Turns a selection into masks. A mask lies in the logical order of its tensor, outputs first.
 *
 * <p>A threshold and a pattern take one pass over the weights, a sparsity three; keys that rank them are kept between the passes as
 * far as 256 MiB and an eighth of the heap reach (64 million weights) and computed again beyond that. Beside them memory is the
 * masks (one bit a weight, one more where many scores are equal) and the chunks. Initial values are regenerated only where the
 * criterion looks at them. The masks are the same for any number of threads.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Selector {

    private final Baseline baseline;
    private final int threads;

    /**
     * Makes a selector.
     *
     * @param baseline the initial values
     * @param threads how many threads, >= 1
     */
    public Selector(Baseline baseline, int threads) {
        this.baseline = baseline;
        this.threads = threads;
    }

    /**
     * Selects.
     *
     * @param tensors the trained tensors
     * @param selection what to prune
     * @return one mask for each prunable tensor, by name in file order
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public Map<String, Mask> select(List<? extends TensorView> tensors, Selection selection) throws IOException {
        return select(tensors, selection, fraction -> {});
    }

    /**
     * Selects, and says how far it has come.
     *
     * @param tensors the trained tensors
     * @param selection what to prune
     * @param progress receives the part of the work that is done, in [0, 1], never from two threads at once
     * @return one mask for each prunable tensor, by name in file order
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public Map<String, Mask> select(List<? extends TensorView> tensors, Selection selection, DoubleConsumer progress)
            throws IOException {
        return selectWithCut(tensors, selection, progress).masks();
    }

    /**
     * Selects, and says where the ranking was cut.
     *
     * @param tensors the trained tensors
     * @param selection what to prune
     * @param progress receives the part of the work that is done, in [0, 1], never from two threads at once
     * @return the masks and the cuts
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public Selected selectWithCut(List<? extends TensorView> tensors, Selection selection, DoubleConsumer progress)
            throws IOException {
        Candidates.Chosen chosen = selection.candidates().choose(tensors, baseline);
        List<Prunable> prunable = chosen.prunable();
        Map<String, Mask> masks = new LinkedHashMap<>();
        Map<String, Cut> cuts = new LinkedHashMap<>();
        double weights = prunable.stream().mapToLong(Prunable::elements).sum();
        if (selection.target() instanceof Selection.Sparsity sparsity) {
            Progress work = new Progress(Ranking.PASSES * weights, progress);
            for (List<Prunable> group : groups(prunable, selection.scope())) {
                rank(group, selection, sparsity.sparsity(), work, masks, cuts);
            }
        } else if (selection.target() instanceof Selection.Limit limit) {
            List<Mask> made = above(prunable, selection, limit.limit(), new Progress(weights, progress));
            for (int k = 0; k < made.size(); k++) {
                masks.put(prunable.get(k).name(), made.get(k));
                cuts.put(prunable.get(k).name(), new Cut(limit.limit(), false));
            }
        } else {
            Selection.Pattern pattern = (Selection.Pattern) selection.target();
            PatternMasks patterns = new PatternMasks(selection, pattern, threads, new Progress(weights, progress));
            for (Prunable one : prunable) {
                masks.put(one.name(), patterns.of(one));
            }
        }
        return new Selected(masks, cuts, chosen.protectedNames());
    }

    /**
     * What a selection ranks.
     *
     * @param tensors the trained tensors
     * @param candidates which parameters are prunable at all
     * @return the prunable parameters in the order of the tensors, never none
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public List<String> prunableNames(List<? extends TensorView> tensors, Candidates candidates) {
        return candidates.choose(tensors, baseline).prunable().stream()
                .map(Prunable::name)
                .toList();
    }

    private static List<List<Prunable>> groups(List<Prunable> prunable, Selection.Scope scope) {
        return scope == Selection.Scope.GLOBAL
                ? List.of(prunable)
                : prunable.stream().map(List::of).toList();
    }

    private void rank(
            List<Prunable> group,
            Selection selection,
            double sparsity,
            Progress work,
            Map<String, Mask> masks,
            Map<String, Cut> cuts)
            throws IOException {
        Ranking.Result result = new Ranking(group, selection, threads, work).prune(sparsity);
        for (int k = 0; k < group.size(); k++) {
            String name = group.get(k).name();
            masks.put(name, result.masks().get(k));
            result.cut().ifPresent(cut -> cuts.put(name, cut));
        }
    }

    private List<Mask> above(List<Prunable> prunable, Selection selection, double limit, Progress work)
            throws IOException {
        Chunks chunks = new Chunks(prunable);
        List<Mask> masks = chunks.emptyMasks();
        Parallel.run(threads, chunks.count(), () -> new ScoreChunk(selection), (scores, number) -> {
            Chunks.Chunk chunk = chunks.get(number);
            long[] words = scores.above(chunks.parameter(chunk), chunk.from(), chunk.count(), limit);
            masks.get(chunk.parameter()).put(chunk.from(), words);
            work.add(chunk.count());
            return number;
        });
        return masks;
    }
}
