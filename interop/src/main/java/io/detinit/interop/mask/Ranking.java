package io.detinit.interop.mask;

import io.detinit.interop.parallel.Parallel;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Parameters whose weights are ranked together, and exactly the lowest of them pruned: two passes find the key of the last one to
 * go, a third writes the masks. Keys are kept between passes as far as {@value #KEPT_BYTES} bytes and an eighth of the heap reach;
 * the others are computed again.
 *
 * <p>Used by one thread, which may run others; the same masks for any number of them.
 */
final class Ranking {

    /** How often each weight is looked at. */
    static final int PASSES = 3;

    private static final long KEPT_BYTES = 1L << 28;
    private static final int HEAP_PART = 8;

    private final List<Prunable> group;
    private final Selection selection;
    private final int threads;
    private final Progress work;
    private final Chunks chunks;
    private final AtomicReferenceArray<Keys> kept;

    Ranking(List<Prunable> group, Selection selection, int threads, Progress work) {
        this.group = group;
        this.selection = selection;
        this.threads = threads;
        this.work = work;
        this.chunks = new Chunks(group);
        long bytes = Math.min(KEPT_BYTES, Runtime.getRuntime().maxMemory() / HEAP_PART);
        long fitting = bytes / ScoreChunk.bytes(selection.criterion());
        this.kept = new AtomicReferenceArray<>((int) Math.min(chunks.count(), fitting));
    }

    /**
     * What is left of the parameters.
     *
     * @param masks in the order of the parameters
     * @param cut where they were cut; empty where nothing or everything was pruned
     */
    record Result(List<Mask> masks, Optional<Cut> cut) {}

    /**
     * Prunes.
     *
     * @param sparsity exactly round(sparsity * weights) are pruned
     */
    Result prune(double sparsity) throws IOException {
        long all = group.stream().mapToLong(Prunable::elements).sum();
        long prune = Math.round(sparsity * all);
        List<Mask> masks = chunks.emptyMasks();
        if (prune == 0 || prune == all) {
            work.add(PASSES * all);
            return new Result(prune == 0 ? masks.stream().map(Mask::not).toList() : masks, Optional.empty());
        }
        KeyCut cut = find(prune);
        fill(masks, cut);
        return new Result(masks, Optional.of(cut.cut(selection.criterion().isSameSign())));
    }

    private KeyCut find(long prune) throws IOException {
        ScoreHistogram upper = histogram(-1);
        int bucket = KeyCut.bucket(upper, prune);
        return KeyCut.of(upper, bucket, histogram(bucket), prune);
    }

    private ScoreHistogram histogram(int bucket) throws IOException {
        int count = chunks.count();
        // one histogram for each stripe of chunks, not for each chunk
        int stripes = Math.min(threads, count);
        List<ScoreHistogram> parts =
                Parallel.run(stripes, stripes, () -> new ScoreChunk(selection), (scores, stripe) -> {
                    ScoreHistogram own = empty(bucket);
                    for (long number = stripe; number < count; number += stripes) {
                        Chunks.Chunk chunk = chunks.get(number);
                        keys(scores, number, chunk).addTo(own, chunk.count());
                        work.add(chunk.count());
                    }
                    return own;
                });
        ScoreHistogram total = parts.get(0);
        parts.stream().skip(1).forEach(total::merge);
        return total;
    }

    private static ScoreHistogram empty(int bucket) {
        return bucket < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower(bucket);
    }

    private Keys keys(ScoreChunk scores, long number, Chunks.Chunk chunk) throws IOException {
        boolean keeps = number < kept.length();
        Keys known = keeps ? kept.get((int) number) : null;
        if (known != null) {
            return known;
        }
        scores.readKeys(chunks.parameter(chunk), chunk.from(), chunk.count());
        if (!keeps) {
            return scores.keys();
        }
        Keys read = scores.detach(chunk.count());
        kept.set((int) number, read);
        return read;
    }

    /** The weights of one chunk that have the very key of the cut. */
    private static final class Ties {
        private static final Ties NONE = new Ties(new long[0], 0);

        private final long[] words;
        private final int count;

        Ties(long[] words, int count) {
            this.words = words;
            this.count = count;
        }

        /** Takes the first ones out. */
        void dropFirst(long number) {
            long rest = number;
            for (int word = 0; word < words.length && rest > 0; word++) {
                for (; words[word] != 0 && rest > 0; rest--) {
                    words[word] &= words[word] - 1;
                }
            }
        }
    }

    /** Keeps what is above the cut, then the ties that are too many, in the order of addresses. */
    private void fill(List<Mask> masks, KeyCut cut) throws IOException {
        List<Ties> parts = Parallel.run(threads, chunks.count(), () -> new ScoreChunk(selection), (scores, number) -> {
            Chunks.Chunk chunk = chunks.get(number);
            int words = (chunk.count() + Long.SIZE - 1) / Long.SIZE;
            long[] above = new long[words];
            long[] equal = new long[words];
            int ties = keys(scores, number, chunk).compare(cut.key(), chunk.count(), above, equal);
            masks.get(chunk.parameter()).put(chunk.from(), above);
            work.add(chunk.count());
            return ties == 0 ? Ties.NONE : new Ties(equal, ties);
        });
        long left = cut.ties();
        for (int number = 0; number < parts.size(); number++) {
            Ties ties = parts.get(number);
            if (ties.count > left) {
                ties.dropFirst(left);
                Chunks.Chunk chunk = chunks.get(number);
                masks.get(chunk.parameter()).or(chunk.from(), ties.words, 0, ties.words.length);
            }
            left -= Math.min(left, ties.count);
        }
    }
}
