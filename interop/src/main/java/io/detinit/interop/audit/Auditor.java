package io.detinit.interop.audit;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.parallel.InOrder;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
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
    private static final int BANDS = 4;

    /** Below this share of bit-identical weights a shared factor is looked for. */
    private static final double HARDLY_ANY = 1e-3;

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
        List<TensorWork> works = works(tensors, baseline);
        Map<String, TensorAudit> audits = new HashMap<>();
        ModelTotals model = new ModelTotals(options);
        run(works, progress, totals -> {
            TensorAudit audit = totals.audit();
            audits.put(audit.name(), audit);
            model.add(totals, audit);
        });
        List<TensorAudit> all = new ArrayList<>();
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            TensorAudit audit = audits.get(info.name());
            all.add(audit != null ? audit : skipped(info, reason(info, tied.get(info.name()), baseline)));
        }
        Figures total = model.figures();
        boolean none = options.decay() == 1 && model.identicalShare() < HARDLY_ANY;
        Optional<SharedFactor> decay = none ? SharedFactorSearch.in(works) : Optional.empty();
        return new AuditReport(options, all, total, model.provenance(), decay, baseline.notes());
    }

    private List<TensorWork> works(List<? extends TensorView> tensors, Baseline baseline) throws IOException {
        List<TensorWork> works = new ArrayList<>();
        for (TensorView tensor : tensors) {
            Optional<Baseline.Initial> initial = baseline.find(tensor.info().name());
            if (initial.isPresent() && isAudited(tensor.info())) {
                works.add(TensorWork.of(initial.get().view(tensor), initial.get(), options));
            }
        }
        return withQuantiles(works);
    }

    private List<TensorWork> withQuantiles(List<TensorWork> works) throws IOException {
        List<TensorWork> found = works;
        for (int t = 0; t < options.thresholds().size(); t++) {
            Threshold threshold = options.thresholds().get(t);
            if (threshold.kind() == Threshold.Kind.QUANTILE) {
                double limit = new QuantileSearch(works, threads).find(threshold.value());
                int index = t;
                found = found.stream().map(work -> work.withLimit(index, limit)).toList();
            }
        }
        return found;
    }

    /** Hands every finished tensor on, in order. */
    private void run(List<TensorWork> works, LongConsumer progress, java.util.function.Consumer<TensorTotals> finished)
            throws IOException {
        long chunk = (long) bands * ChunkAudit.BAND;
        long[] first = new long[works.size() + 1];
        for (int k = 0; k < works.size(); k++) {
            first[k + 1] = first[k] + Math.max(1, (works.get(k).elements() + chunk - 1) / chunk);
        }
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
                    return ChunkAudit.of(worker, work, from, count, options.lines());
                },
                collector::add);
    }

    /** Puts the chunks of one tensor after the other together. */
    private static final class Collector {
        private final boolean lines;
        private final java.util.function.Consumer<TensorTotals> finished;
        private final LongConsumer progress;
        private @Nullable TensorTotals totals;
        private long done;

        Collector(boolean lines, java.util.function.Consumer<TensorTotals> finished, LongConsumer progress) {
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

    private static boolean isAudited(TensorInfo info) {
        return info.dtype().isFloating() && info.kind() == TensorInfo.Kind.PARAMETER;
    }

    private static String reason(TensorInfo info, @Nullable String tiedTo, Baseline baseline) {
        if (!info.dtype().isFloating()) {
            return info.dtype() + " tensor";
        }
        if (info.kind() != TensorInfo.Kind.PARAMETER) {
            return info.kind().name().toLowerCase(Locale.ROOT);
        }
        String known = baseline.unaudited().get(info.name());
        if (known != null) {
            return known;
        }
        return tiedTo == null ? baseline.kind().absence() : "tied to " + tiedTo;
    }

    private TensorAudit skipped(TensorInfo info, String reason) {
        long[] none = new long[options.thresholds().size()];
        List<Double> limits = java.util.Collections.nCopies(none.length, Double.NaN);
        Figures nothing =
                TensorTotals.figures(BandSums.NONE, none, limits, new DeltaBins(), 0, OptionalDouble.empty(), 0);
        return new TensorAudit(
                info.name(),
                info.shape(),
                info.dtype(),
                StoredOrder.OUT_IN,
                "",
                reason,
                nothing,
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty());
    }
}
