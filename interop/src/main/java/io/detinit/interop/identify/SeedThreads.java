package io.detinit.interop.identify;

import io.detinit.interop.parallel.Parallel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A search on the threads of one process.
 *
 * @param threads how many
 */
record SeedThreads(int threads) implements SeedEngine {

    private static final int SEEDS_IN_PIECE = 256;
    private static final int PIECES_AT_ONCE = 4096;

    SeedThreads {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
    }

    @Override
    public List<SeedCandidate> screen(SeedScreens screens, SeedProgress progress) throws IOException {
        long batch = (long) SEEDS_IN_PIECE * PIECES_AT_ONCE;
        AtomicLong done = new AtomicLong();
        List<SeedCandidate> best = new ArrayList<>();
        for (long from = 0; from < screens.seeds(); from += Math.min(batch, screens.seeds() - from)) {
            long start = from;
            long end = from + Math.min(batch, screens.seeds() - from);
            int pieces = (int) ((end - start + SEEDS_IN_PIECE - 1) / SEEDS_IN_PIECE);
            Parallel.run(threads, pieces, () -> this, (engine, number) -> {
                        long first = start + number * SEEDS_IN_PIECE;
                        long next = Math.min(end, first + SEEDS_IN_PIECE);
                        List<SeedCandidate> found = screens.best(first, next);
                        synchronized (done) {
                            progress.tried(done.addAndGet(next - first), screens.seeds());
                        }
                        return found;
                    })
                    .forEach(best::addAll);
            best = SeedScreens.best(best);
        }
        return best;
    }

    @Override
    public List<SeedCorrelation> correlate(List<SeedTensor> tensors, long seed) throws IOException {
        List<SeedCorrelation> all = new ArrayList<>();
        for (SeedTensor tensor : tensors) {
            int chunks = Math.toIntExact(SeedCorrelation.chunks(tensor));
            all.add(SeedCorrelation.of(Parallel.run(
                    threads,
                    chunks,
                    SeedCorrelation.Reader::new,
                    (reader, number) -> SeedCorrelation.part(reader, tensor, seed, number, number + 1))));
        }
        return all;
    }
}
