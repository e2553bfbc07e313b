package io.detinit.interop.mask;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.TensorInit;
import io.detinit.interop.audit.Parallel;
import io.detinit.interop.audit.WeightReader;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns a selection into masks. Prunable are the floating-point parameters of rank >= 2 that the plan names.
 *
 * <p>Scores are never held: they are computed again in each pass, so memory is the masks (one bit a weight) and the chunks.
 * The masks are the same for any number of threads.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Selector {

    /** A multiple of 64, so that chunks own whole words of a mask. */
    private static final int CHUNK = 1 << 16;

    private final InitPlan plan;
    private final int threads;

    /**
     * Makes a selector.
     *
     * @param plan the initial state
     * @param threads how many threads, >= 1
     */
    public Selector(InitPlan plan, int threads) {
        this.plan = plan;
        this.threads = threads;
    }

    private record Prunable(TensorView tensor, TensorInit init) {
        long elements() {
            return init.shape().elements();
        }
    }

    /** Everything at or below a score goes, and of the scores equal to it only the first {@code ties}. */
    private record Cut(float score, long ties) {
        static final Cut NOTHING = new Cut(-1, 0);
    }

    /**
     * Selects.
     *
     * @param tensors the trained tensors
     * @param selection what to prune
     * @return one mask for each prunable tensor, by name in file order
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if nothing is prunable, or a tensor has another shape than the plan says
     */
    public Map<String, Mask> select(List<? extends TensorView> tensors, Selection selection) throws IOException {
        List<Prunable> prunable = new ArrayList<>();
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            PlannedTensor planned = plan.find(info.name()).orElse(null);
            if (planned != null
                    && info.kind() == TensorInfo.Kind.PARAMETER
                    && info.dtype().isFloating()
                    && info.shape().rank() >= 2) {
                prunable.add(new Prunable(tensor, plan.init(info.name(), info.shape())));
            }
        }
        if (prunable.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to prune: no floating-point parameter of rank >= 2 is in the plan");
        }
        Map<String, Mask> masks = new LinkedHashMap<>();
        if (selection.scope() == Selection.Scope.LAYER) {
            for (Prunable one : prunable) {
                masks.putAll(apply(List.of(one), selection));
            }
        } else {
            masks.putAll(apply(prunable, selection));
        }
        return masks;
    }

    private Map<String, Mask> apply(List<Prunable> group, Selection selection) throws IOException {
        Cut cut = cut(group, selection);
        Map<String, Mask> masks = new LinkedHashMap<>();
        long ties = cut.ties();
        for (Prunable one : group) {
            Mask mask = new Mask(one.elements());
            ties -= fill(mask, one, selection.criterion(), cut.score(), ties);
            masks.put(one.tensor().info().name(), mask);
        }
        return masks;
    }

    private Cut cut(List<Prunable> group, Selection selection) throws IOException {
        if (selection.target() instanceof Selection.AtMost atMost) {
            return new Cut((float) atMost.limit(), Long.MAX_VALUE);
        }
        double sparsity = ((Selection.Sparsity) selection.target()).sparsity();
        long prunable = group.stream().mapToLong(Prunable::elements).sum();
        long prune = Math.round(sparsity * prunable);
        if (prune == 0) {
            return Cut.NOTHING;
        }
        ScoreHistogram upper = histogram(group, selection.criterion(), -1);
        int bucket = upper.find(prune - 1);
        long before = upper.below(bucket);
        ScoreHistogram lower = histogram(group, selection.criterion(), bucket);
        int low = lower.find(prune - 1 - before);
        long ties = prune - before - lower.below(low);
        return new Cut(Float.intBitsToFloat(bucket << 16 | low), ties);
    }

    private ScoreHistogram histogram(List<Prunable> group, Criterion criterion, int bucket) throws IOException {
        ScoreHistogram total = bucket < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower(bucket);
        for (Prunable one : group) {
            int chunks = chunks(one);
            // one histogram for each stripe of chunks, not for each chunk: 512 KiB apiece
            int stripes = Math.min(threads, chunks);
            List<ScoreHistogram> parts =
                    Parallel.run(stripes, stripes, () -> new Scores(one, criterion), (scores, stripe) -> {
                        ScoreHistogram own = bucket < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower(bucket);
                        for (int number = stripe; number < chunks; number += stripes) {
                            int count = scores.read(number);
                            for (int k = 0; k < count; k++) {
                                own.add(scores.get(k));
                            }
                        }
                        return own;
                    });
            parts.forEach(total::merge);
        }
        return total;
    }

    /** Fills a mask and says how many ties were pruned. */
    private long fill(Mask mask, Prunable one, Criterion criterion, float limit, long ties) throws IOException {
        boolean allTies = ties == Long.MAX_VALUE;
        List<long[]> parts = Parallel.run(threads, chunks(one), () -> new Scores(one, criterion), (scores, number) -> {
            int count = scores.read(number);
            long[] words = new long[(count + 63) / 64 + 1];
            long equal = 0;
            for (int k = 0; k < count; k++) {
                float score = scores.get(k);
                if (score > limit || (score == limit && !allTies)) {
                    words[k >>> 6] |= 1L << k;
                }
                equal += score == limit ? 1 : 0;
            }
            words[words.length - 1] = equal;
            return words;
        });
        long pruned = 0;
        for (int number = 0; number < parts.size(); number++) {
            long[] part = parts.get(number);
            long equal = part[part.length - 1];
            long[] words = java.util.Arrays.copyOf(part, part.length - 1);
            if (!allTies && equal > 0 && pruned < ties) {
                pruned += pruneTies(words, one, criterion, number, limit, ties - pruned);
            }
            mask.put((long) number * CHUNK, words);
        }
        return pruned;
    }

    private static long pruneTies(long[] words, Prunable one, Criterion criterion, int number, float limit, long ties)
            throws IOException {
        Scores scores = new Scores(one, criterion);
        int count = scores.read(number);
        long pruned = 0;
        for (int k = 0; k < count && pruned < ties; k++) {
            if (scores.get(k) == limit) {
                words[k >>> 6] &= ~(1L << k);
                pruned++;
            }
        }
        return pruned;
    }

    private static int chunks(Prunable one) {
        return Math.toIntExact((one.elements() + CHUNK - 1) / CHUNK);
    }

    /** The scores of one chunk. Not thread-safe. */
    private static final class Scores {

        private final Prunable one;
        private final Criterion criterion;
        private final DType dtype;
        private final WeightReader reader = new WeightReader(CHUNK);

        Scores(Prunable one, Criterion criterion) {
            this.one = one;
            this.criterion = criterion;
            this.dtype = one.tensor().info().dtype();
        }

        int read(int number) throws IOException {
            long from = (long) number * CHUNK;
            int count = (int) Math.min(CHUNK, one.elements() - from);
            reader.read(one.tensor(), one.init(), from, count);
            return count;
        }

        float get(int k) {
            return criterion.score(reader.w(k), reader.delta(k, dtype));
        }
    }
}
