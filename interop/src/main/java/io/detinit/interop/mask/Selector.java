package io.detinit.interop.mask;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.WeightReader;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/**
 * Turns a selection into masks. Prunable are the floating-point parameters of rank >= 2 that have
 * initial values and whose names the selection takes. A mask lies in the logical order of its tensor, outputs first.
 *
 * <p>Scores are never held: they are computed again in each pass, so memory is the masks (one bit a weight) and the chunks.
 * The masks are the same for any number of threads.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Selector {

    /** A multiple of 64, so that chunks own whole words of a mask. */
    private static final int CHUNK = 1 << 16;

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

    private record Prunable(TensorView tensor, InitialValues values) {
        long elements() {
            return tensor.info().shape().elements();
        }
    }

    /** Everything at or below a score goes, and of the scores equal to it only the first {@code ties}. */
    private record Cut(double score, long ties) {
        static final Cut NOTHING = new Cut(-1, 0);

        boolean takesAllTies() {
            return ties == Long.MAX_VALUE;
        }
    }

    /** Says how far the passes over the weights have come. */
    private static final class Progress {
        private final double total;
        private final DoubleConsumer sink;
        private double done;

        Progress(double total, DoubleConsumer sink) {
            this.total = total;
            this.sink = sink;
        }

        synchronized void add(long elements) {
            done += elements;
            sink.accept(Math.min(1, done / Math.max(1, total)));
        }
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
        List<Prunable> prunable = prunable(tensors, selection.filter());
        int passes = selection.target() instanceof Selection.AtMost ? 1 : 3;
        long elements = prunable.stream().mapToLong(Prunable::elements).sum();
        Progress work = new Progress((double) passes * elements, progress);
        Map<String, Mask> masks = new LinkedHashMap<>();
        if (selection.scope() == Selection.Scope.LAYER) {
            for (Prunable one : prunable) {
                masks.putAll(apply(List.of(one), selection, work));
            }
        } else {
            masks.putAll(apply(prunable, selection, work));
        }
        return masks;
    }

    /**
     * What a selection ranks.
     *
     * @param tensors the trained tensors
     * @param filter which parameters are prunable at all
     * @return the prunable parameters in the order of the tensors, never none
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public List<String> prunableNames(List<? extends TensorView> tensors, NameFilter filter) {
        return prunable(tensors, filter).stream()
                .map(one -> one.tensor().info().name())
                .toList();
    }

    private List<Prunable> prunable(List<? extends TensorView> tensors, NameFilter filter) {
        filter.unused(tensors.stream().map(tensor -> tensor.info().name()).toList())
                .ifPresent(pattern -> {
                    throw new IllegalArgumentException("the pattern '" + pattern + "' fits no tensor of the file");
                });
        List<Prunable> prunable = new ArrayList<>();
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            Optional<Baseline.Initial> initial = baseline.find(info.name());
            if (initial.isPresent()
                    && info.kind() == TensorInfo.Kind.PARAMETER
                    && info.dtype().isFloating()
                    && info.shape().rank() >= 2
                    && filter.takes(info.name())) {
                prunable.add(
                        new Prunable(initial.get().view(tensor), initial.get().values()));
            }
        }
        if (prunable.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to prune: no floating-point parameter of rank >= 2 has initial values"
                            + (filter.equals(NameFilter.ALL) ? "" : " and a name that the patterns take"));
        }
        return prunable;
    }

    private Map<String, Mask> apply(List<Prunable> group, Selection selection, Progress work) throws IOException {
        Cut cut = cut(group, selection, work);
        Map<String, Mask> masks = new LinkedHashMap<>();
        long ties = cut.ties();
        for (Prunable one : group) {
            Mask mask = new Mask(one.tensor().info().shape());
            ties -= fill(mask, one, selection.criterion(), new Cut(cut.score(), ties), work);
            masks.put(one.tensor().info().name(), mask);
        }
        return masks;
    }

    private Cut cut(List<Prunable> group, Selection selection, Progress work) throws IOException {
        if (selection.target() instanceof Selection.AtMost atMost) {
            return new Cut(atMost.limit(), Long.MAX_VALUE);
        }
        double sparsity = ((Selection.Sparsity) selection.target()).sparsity();
        long prunable = group.stream().mapToLong(Prunable::elements).sum();
        long prune = Math.round(sparsity * prunable);
        if (prune == 0) {
            return Cut.NOTHING;
        }
        ScoreHistogram upper = histogram(group, selection.criterion(), -1, work);
        int bucket = upper.find(prune - 1);
        long before = upper.below(bucket);
        ScoreHistogram lower = histogram(group, selection.criterion(), bucket, work);
        int low = lower.find(prune - 1 - before);
        long ties = prune - before - lower.below(low);
        return new Cut(Float.intBitsToFloat(bucket << 16 | low), ties);
    }

    private ScoreHistogram histogram(List<Prunable> group, Criterion criterion, int bucket, Progress work)
            throws IOException {
        ScoreHistogram total = bucket < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower(bucket);
        for (Prunable one : group) {
            int chunks = chunks(one);
            // one histogram for each stripe of chunks, not for each chunk: 512 KiB apiece
            int stripes = Math.min(threads, chunks);
            List<ScoreHistogram> parts =
                    Parallel.run(stripes, stripes, () -> new Scores(one, criterion), (scores, stripe) -> {
                        ScoreHistogram own = bucket < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower(bucket);
                        for (long number = stripe; number < chunks; number += stripes) {
                            int count = scores.read(number);
                            for (int k = 0; k < count; k++) {
                                own.add(scores.get(k));
                            }
                            work.add(count);
                        }
                        return own;
                    });
            parts.forEach(total::merge);
        }
        return total;
    }

    /** Fills a mask and says how many ties were pruned. */
    private long fill(Mask mask, Prunable one, Criterion criterion, Cut cut, Progress work) throws IOException {
        if (cut.takesAllTies()) {
            fillAbove(mask, one, criterion, cut.score(), work);
            return 0;
        }
        float limit = (float) cut.score();
        List<long[]> parts = Parallel.run(threads, chunks(one), () -> new Scores(one, criterion), (scores, number) -> {
            int count = scores.read(number);
            long[] words = new long[(count + 63) / 64 + 1];
            long equal = 0;
            for (int k = 0; k < count; k++) {
                float score = scores.get(k);
                if (score >= limit) {
                    words[k >>> 6] |= 1L << k;
                }
                equal += score == limit ? 1 : 0;
            }
            words[words.length - 1] = equal;
            work.add(count);
            return words;
        });
        long pruned = 0;
        for (int number = 0; number < parts.size(); number++) {
            long[] part = parts.get(number);
            long equal = part[part.length - 1];
            long[] words = Arrays.copyOf(part, part.length - 1);
            if (equal > 0 && pruned < cut.ties()) {
                pruned += pruneTies(words, one, criterion, number, limit, cut.ties() - pruned);
            }
            mask.put((long) number * CHUNK, words);
        }
        return pruned;
    }

    /** Keeps what lies above a limit, compared as an audit compares it. */
    private void fillAbove(Mask mask, Prunable one, Criterion criterion, double limit, Progress work)
            throws IOException {
        Parallel.run(threads, chunks(one), () -> new Scores(one, criterion), (scores, number) -> {
            int count = scores.read(number);
            long[] words = new long[(count + 63) / 64];
            for (int k = 0; k < count; k++) {
                if (scores.isAbove(k, limit)) {
                    words[k >>> 6] |= 1L << k;
                }
            }
            mask.put(number * CHUNK, words);
            work.add(count);
            return number;
        });
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

        int read(long number) throws IOException {
            long from = number * CHUNK;
            int count = (int) Math.min(CHUNK, one.elements() - from);
            reader.read(one.tensor(), one.values(), 1, from, count);
            return count;
        }

        float get(int k) {
            return criterion.score(reader.w(k, dtype), reader.delta(k, dtype));
        }

        boolean isAbove(int k, double limit) {
            return criterion.isAbove(reader.w(k, dtype), reader.delta(k, dtype), limit, dtype == DType.F64);
        }
    }
}
