package io.detinit.interop.audit;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * An audit whose parts may be done anywhere: which tensors are compared with what, and how the parts become a report.
 *
 * <p>Immutable; safe for use by many threads while the checkpoint is open.
 */
public final class DividedAudit {

    /** Below this share of bit-identical weights a shared factor is looked for. */
    private static final double HARDLY_ANY = 1e-3;

    private final List<? extends TensorView> tensors;
    private final Map<String, String> tied;
    private final Baseline baseline;
    private final AuditOptions options;
    private final List<TensorWork> works;

    private DividedAudit(
            List<? extends TensorView> tensors,
            Map<String, String> tied,
            Baseline baseline,
            AuditOptions options,
            List<TensorWork> works) {
        this.tensors = tensors;
        this.tied = tied;
        this.baseline = baseline;
        this.options = options;
        this.works = works;
    }

    /** Counts |w - w0| of all audited elements. */
    @FunctionalInterface
    public interface BitCounter {
        /**
         * Counts, as {@link RangeAuditor#count} does, over all chunks of all tensors.
         *
         * @param upper the upper half whose lower halves are counted; negative to count upper halves
         * @return 65,536 counts
         * @throws IOException if reading fails
         */
        long[] count(int upper) throws IOException;
    }

    /**
     * Prepares an audit. Of tied tensors the first one is audited.
     *
     * @param checkpoint the trained model
     * @param baseline what it is compared with, made for this checkpoint
     * @param options what to look at
     * @return the audit; the limits of quantiles are not known yet
     * @throws IOException if initial values cannot be read
     */
    public static DividedAudit of(Checkpoint checkpoint, Baseline baseline, AuditOptions options) throws IOException {
        return of(checkpoint.tensors(), checkpoint.tied(), baseline, options);
    }

    static DividedAudit of(
            List<? extends TensorView> tensors, Map<String, String> tied, Baseline baseline, AuditOptions options)
            throws IOException {
        List<TensorWork> works = new ArrayList<>();
        for (TensorView tensor : tensors) {
            Optional<Baseline.Initial> initial = baseline.find(tensor.info().name());
            if (initial.isPresent() && isAudited(tensor.info())) {
                works.add(TensorWork.of(initial.get().view(tensor), initial.get(), options));
            }
        }
        return new DividedAudit(tensors, tied, baseline, options, List.copyOf(works));
    }

    /**
     * The same with the limits of quantile thresholds, two passes over everything for each.
     *
     * @param counter counts
     * @return the audit with all limits; this one where no threshold is a quantile
     * @throws IOException if reading fails
     */
    public DividedAudit withQuantiles(BitCounter counter) throws IOException {
        List<TensorWork> found = works;
        long elements = works.stream().mapToLong(TensorWork::elements).sum();
        for (int t = 0; t < options.thresholds().size(); t++) {
            Threshold threshold = options.thresholds().get(t);
            if (threshold.kind() == Threshold.Kind.QUANTILE) {
                double limit = QuantileSearch.find(threshold.value(), elements, counter);
                int index = t;
                found = found.stream().map(work -> work.withLimit(index, limit)).toList();
            }
        }
        return new DividedAudit(tensors, tied, baseline, options, found);
    }

    List<TensorWork> works() {
        return works;
    }

    /** {@return the audited tensors, in file order; parts count them from 0} */
    public List<AuditedTensor> tensors() {
        return works.stream().map(AuditedTensor::new).toList();
    }

    /**
     * Puts parts together.
     *
     * @param parts every chunk of every audited tensor once, by tensor and first chunk in order; with rows at least where the options
     *     ask for lines
     * @return the report, the same bits however the chunks were divided
     * @throws IOException if reading fails: where hardly any weight kept its bits, the first 65,536 of each tensor are looked at
     * @throws IllegalArgumentException if chunks are missing, or not in order
     */
    public AuditReport report(Iterable<PartialAudit> parts) throws IOException {
        Assembly assembly = new Assembly();
        int tensor = 0;
        long elements = 0;
        @Nullable TensorTotals totals = null;
        for (PartialAudit part : parts) {
            boolean next = part.tensor() == tensor
                    && part.tensor() < works.size()
                    && part.firstChunk() * AuditedTensor.CHUNK == elements;
            if (!next) {
                throw new IllegalArgumentException("a part begins at chunk " + part.firstChunk() + " of tensor "
                        + part.tensor() + "; expected element " + elements + " of tensor " + tensor);
            }
            totals = totals == null ? new TensorTotals(works.get(tensor), options.lines()) : totals;
            totals.add(part);
            elements += part.elements();
            if (elements == works.get(tensor).elements()) {
                assembly.add(totals);
                totals = null;
                elements = 0;
                tensor++;
            }
        }
        if (tensor != works.size()) {
            throw new IllegalArgumentException(
                    "the parts end in tensor " + tensor + " at element " + elements + "; there are " + works.size());
        }
        return assembly.report();
    }

    Assembly assembly() {
        return new Assembly();
    }

    /** Finished tensors, in order, on their way to a report. Not thread-safe. */
    final class Assembly {

        private final Map<String, TensorAudit> audits = new HashMap<>();
        private final ModelTotals model = new ModelTotals(options);

        private Assembly() {}

        void add(TensorTotals totals) {
            TensorAudit audit = totals.audit();
            audits.put(audit.name(), audit);
            model.add(totals, audit);
        }

        AuditReport report() throws IOException {
            List<TensorAudit> all = new ArrayList<>();
            for (TensorView tensor : tensors) {
                TensorInfo info = tensor.info();
                TensorAudit audit = audits.get(info.name());
                all.add(audit != null ? audit : skipped(info, reason(info)));
            }
            Figures total = model.figures();
            boolean none = options.decay() == 1 && model.identicalShare() < HARDLY_ANY;
            Optional<SharedFactor> decay = none ? SharedFactorSearch.in(works) : Optional.empty();
            return new AuditReport(options, all, total, model.provenance(), decay, baseline.notes());
        }
    }

    private static boolean isAudited(TensorInfo info) {
        return info.dtype().isFloating() && info.kind() == TensorInfo.Kind.PARAMETER;
    }

    private String reason(TensorInfo info) {
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
        String tiedTo = tied.get(info.name());
        return tiedTo == null ? baseline.kind().absence() : "tied to " + tiedTo;
    }

    private TensorAudit skipped(TensorInfo info, String reason) {
        long[] none = new long[options.thresholds().size()];
        List<Double> limits = Collections.nCopies(none.length, Double.NaN);
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
