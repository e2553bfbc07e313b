package io.detinit.interop.identify;

import io.detinit.interop.parallel.Parallel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A search on the threads of one process.
 *
 * @param threads how many
 */
record TorchThreads(int threads) implements TorchEngine {

    TorchThreads {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
    }

    @Override
    public TorchPart scan(TorchScan scan, long from, long to, TorchSearch.Progress progress) throws IOException {
        Shared shared = new Shared(scan, progress);
        List<TorchPart> parts = Parallel.run(threads, threads, scan::worker, (worker, number) -> {
            TorchPart found = TorchPart.NONE;
            for (long batch = shared.next(); batch >= 0 && found.proved() < 0; batch = shared.next()) {
                found = found.then(batch, worker.batch(batch, from, to));
                shared.note(batch, found);
            }
            return found;
        });
        return parts.stream()
                .filter(part -> part.proved() >= 0)
                .min(java.util.Comparator.comparingLong(TorchPart::proved))
                .orElseGet(() -> TorchPart.first(parts));
    }

    /** What the threads know of one another: batches are taken in order, up to the first with a proof. */
    private static final class Shared {

        private final TorchScan scan;
        private final TorchSearch.Progress progress;
        private final AtomicLong next = new AtomicLong();
        private final AtomicLong proved = new AtomicLong(Long.MAX_VALUE);
        private long done;

        Shared(TorchScan scan, TorchSearch.Progress progress) {
            this.scan = scan;
            this.progress = progress;
        }

        /** The next batch, negative where there is none that counts. */
        long next() {
            long batch = next.getAndIncrement();
            boolean ends = batch >= scan.batches()
                    || batch > proved.get()
                    || Thread.currentThread().isInterrupted();
            return ends ? -1 : batch;
        }

        synchronized void note(long batch, TorchPart found) {
            if (found.proved() >= 0) {
                proved.accumulateAndGet(found.proved(), Math::min);
            }
            done += scan.seeds(batch);
            progress.tried(done, scan.seeds());
        }
    }
}
