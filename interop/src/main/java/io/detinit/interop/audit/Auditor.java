package io.detinit.interop.audit;

import io.detinit.interop.parallel.InOrder;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares trained tensors with their initial values.
 *
 * <p>One pass over the file, with quantile thresholds three. Work goes in chunks over the threads; memory is bounded by the chunks and
 * one bit for each row and column. The figures are the same bits for any number of threads and any size of the chunks.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Auditor {

    /** Bands in a chunk. */
    static final int BANDS = 4;

    private final AuditOptions options;
    private final int threads;
    private final int bands;

    /**
     * Makes an auditor.
     *
     * @param options what to look at
     * @param threads how many threads, >= 1
     * @throws IllegalArgumentException if there is no thread
     */
    public Auditor(AuditOptions options, int threads) {
        this(options, threads, BANDS);
    }

    /** With another size of the chunks. */
    Auditor(AuditOptions options, int threads, int bands) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
        this.options = options;
        this.threads = threads;
        this.bands = bands;
    }

    /**
     * Audits a checkpoint. Of tied tensors the first one is audited.
     *
     * @param checkpoint the trained model
     * @param baseline what it is compared with, made for this checkpoint
     * @return what was found, one entry for each tensor in order
     * @throws IOException if reading fails
     */
    public AuditReport audit(Checkpoint checkpoint, Baseline baseline) throws IOException {
        return audit(checkpoint, baseline, done -> {});
    }

    /**
     * Audits a checkpoint and says how far it is.
     *
     * @param checkpoint the trained model
     * @param baseline what it is compared with, made for this checkpoint
     * @param progress receives the number of elements done so far, now and then, from one thread at a time
     * @return what was found, one entry for each tensor in order
     * @throws IOException if reading fails
     */
    public AuditReport audit(Checkpoint checkpoint, Baseline baseline, LongConsumer progress) throws IOException {
        return audit(checkpoint.tensors(), checkpoint.tied(), baseline, progress);
    }

    /**
     * Audits tensors.
     *
     * @param tensors the trained tensors
     * @param baseline what they are compared with
     * @return what was found, one entry for each tensor in order
     * @throws IOException if reading fails
     */
    public AuditReport audit(List<? extends TensorView> tensors, Baseline baseline) throws IOException {
        return audit(tensors, Map.of(), baseline, done -> {});
    }

    private AuditReport audit(
            List<? extends TensorView> tensors, Map<String, String> tied, Baseline baseline, LongConsumer progress)
            throws IOException {
        DividedAudit prepared = DividedAudit.of(tensors, tied, baseline, options);
        QuantileSearch search = new QuantileSearch(prepared.works(), threads);
        DividedAudit divided = prepared.withQuantiles(search::count);
        DividedAudit.Assembly assembly = divided.assembly();
        run(divided.works(), progress, assembly::add);
        return assembly.report();
    }

    /** Hands every finished tensor on, in order. */
    private void run(List<TensorWork> works, LongConsumer progress, Consumer<TensorTotals> finished)
            throws IOException {
        long chunk = (long) bands * ChunkAudit.BAND;
        long[] first = new long[works.size() + 1];
        for (int k = 0; k < works.size(); k++) {
            first[k + 1] = first[k] + Math.max(1, (works.get(k).elements() + chunk - 1) / chunk);
        }
        Lines lines = options.lines() ? Lines.ALL : Lines.NONE;
        Collector collector = new Collector(options.lines(), finished, progress);
        InOrder.run(
                threads,
                first[works.size()],
                ChunkAudit.Worker::new,
                (worker, number) -> {
                    int found = Arrays.binarySearch(first, 0, works.size(), number);
                    TensorWork work = works.get(found >= 0 ? found : -found - 2);
                    long from = (number - first[found >= 0 ? found : -found - 2]) * chunk;
                    int count = (int) Math.min(chunk, work.elements() - from);
                    return ChunkAudit.of(worker, work, from, count, lines);
                },
                collector::add);
    }

    /** Puts the chunks of one tensor after the other together. */
    private static final class Collector {
        private final boolean lines;
        private final Consumer<TensorTotals> finished;
        private final LongConsumer progress;
        private @Nullable TensorTotals totals;
        private long done;

        Collector(boolean lines, Consumer<TensorTotals> finished, LongConsumer progress) {
            this.lines = lines;
            this.finished = finished;
            this.progress = progress;
        }

        void add(ChunkAudit chunk) {
            TensorTotals current = totals == null ? new TensorTotals(chunk.work(), lines) : totals;
            current.add(chunk);
            totals = chunk.last() ? null : current;
            done += chunk.bands().stream().mapToLong(BandSums::elements).sum();
            progress.accept(done);
            if (chunk.last()) {
                finished.accept(current);
            }
        }
    }
}
