package io.detinit.interop.audit;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.TensorInit;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * Compares trained tensors with their regenerated initial values.
 *
 * <p>Work goes in chunks over the threads; memory is bounded by the chunks and one bit for each row and column. The figures are the same bits for any
 * number of threads.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Auditor {

    /** Elements in a chunk; part of the figures' definition, since sums are formed chunk by chunk. */
    private static final int CHUNK = 1 << 16;

    private final InitPlan plan;
    private final List<Threshold> thresholds;
    private final int threads;

    /**
     * Makes an auditor.
     *
     * @param plan the initial state to compare with
     * @param thresholds at least one; {@code moved} and the dead rows and columns follow the first
     * @param threads how many threads, >= 1
     * @throws IllegalArgumentException if there is no threshold or no thread
     */
    public Auditor(InitPlan plan, List<Threshold> thresholds, int threads) {
        if (thresholds.isEmpty()) {
            throw new IllegalArgumentException("an audit needs at least one threshold");
        }
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; at least 1 is needed");
        }
        this.plan = plan;
        this.thresholds = List.copyOf(thresholds);
        this.threads = threads;
    }

    /**
     * Audits a checkpoint. Of tied tensors the first one is audited.
     *
     * @param checkpoint the trained model
     * @return what was found, one entry for each tensor in order
     * @throws IOException if reading fails
     * @throws InvalidPlanException if a planned tensor is missing or has another shape; the message names it
     */
    public AuditReport audit(Checkpoint checkpoint) throws IOException {
        return audit(checkpoint.tensors(), checkpoint.tied());
    }

    /**
     * Audits tensors.
     *
     * @param tensors the trained tensors
     * @return what was found, one entry for each tensor in order
     * @throws IOException if reading fails
     * @throws InvalidPlanException if a planned tensor is missing or has another shape; the message names it
     */
    public AuditReport audit(List<? extends TensorView> tensors) throws IOException {
        return audit(tensors, Map.of());
    }

    private AuditReport audit(List<? extends TensorView> tensors, Map<String, String> tied) throws IOException {
        checkPlanFits(tensors);
        List<TensorAudit> audits = new ArrayList<>();
        double weighted = 0;
        long weights = 0;
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            PlannedTensor planned = plan.find(info.name()).orElse(null);
            String reason = reasonToSkip(info, planned, tied.get(info.name()));
            if (planned == null || !reason.isEmpty()) {
                audits.add(TensorAudit.skipped(info.name(), info.shape(), info.dtype(), reason));
                continue;
            }
            TensorAudit audit = audit(tensor, plan.init(planned));
            audits.add(audit);
            if (planned.scheme().isRandom() && audit.correlation().isPresent()) {
                weighted += audit.correlation().getAsDouble() * info.shape().elements();
                weights += info.shape().elements();
            }
        }
        return new AuditReport(thresholds, audits, Provenance.of(weights == 0 ? 0 : weighted / weights, weights));
    }

    private static String reasonToSkip(TensorInfo info, @Nullable PlannedTensor planned, @Nullable String tiedTo) {
        if (!info.dtype().isFloating()) {
            return info.dtype() + " tensor";
        }
        if (info.kind() != TensorInfo.Kind.PARAMETER) {
            return info.kind().name().toLowerCase(java.util.Locale.ROOT);
        }
        if (planned == null) {
            return tiedTo == null ? "not in the plan" : "tied to " + tiedTo;
        }
        return "";
    }

    private void checkPlanFits(List<? extends TensorView> tensors) {
        Map<String, TensorInfo> infos = new HashMap<>();
        for (TensorView tensor : tensors) {
            infos.put(tensor.info().name(), tensor.info());
        }
        Set<String> missing = new HashSet<>();
        for (PlannedTensor planned : plan.tensors()) {
            TensorInfo info = infos.get(planned.name());
            if (info == null) {
                missing.add(planned.name());
            } else if (!info.shape().equals(planned.shape())) {
                throw new InvalidPlanException("tensor '" + planned.name() + "' has the shape " + info.shape()
                        + ", the plan says " + planned.shape() + "; the plan belongs to another model");
            }
        }
        if (!missing.isEmpty()) {
            throw new InvalidPlanException("the plan names tensors that the file does not have: "
                    + missing.stream().sorted().limit(5).toList() + (missing.size() > 5 ? " and more" : "")
                    + "; the plan belongs to another model");
        }
    }

    private TensorAudit audit(TensorView tensor, TensorInit init) throws IOException {
        TensorInfo info = tensor.info();
        long elements = info.shape().elements();
        int chunks = Math.toIntExact((elements + CHUNK - 1) / CHUNK);
        boolean matrix = info.shape().rank() >= 2 && elements > 0;
        MovedLines lines =
                matrix ? new MovedLines(init.shape().rows(), init.shape().cols()) : MovedLines.NONE;
        List<MovementStats> parts = Parallel.run(threads, chunks, () -> new WeightReader(CHUNK), (reader, number) -> {
            long from = (long) number * CHUNK;
            int count = (int) Math.min(CHUNK, elements - from);
            reader.read(tensor, init, from, count);
            return chunk(reader, info.dtype(), from, count, lines);
        });
        MovementStats total = new MovementStats(thresholds.size());
        parts.forEach(total::merge);
        double r = init.scheme().isRandom() ? total.correlation() : Double.NaN;
        return new TensorAudit(
                info.name(),
                info.shape(),
                info.dtype(),
                elements,
                true,
                "",
                java.util.Arrays.stream(total.moved).boxed().toList(),
                total.bitIdentical,
                total.notFinite,
                total.meanAbs(),
                total.rms(),
                total.maxAbs,
                Double.isNaN(r) ? OptionalDouble.empty() : OptionalDouble.of(r),
                total.signFlips,
                matrix ? OptionalLong.of(lines.unmovedCols()) : OptionalLong.empty(),
                matrix ? OptionalLong.of(lines.unmovedRows()) : OptionalLong.empty());
    }

    private MovementStats chunk(WeightReader reader, DType dtype, long from, int count, MovedLines lines) {
        MovementStats stats = new MovementStats(thresholds.size());
        double[] limits = new double[thresholds.size()];
        for (int t = 0; t < limits.length; t++) {
            double value = thresholds.get(t).value();
            limits[t] = dtype == DType.F64 ? value : (float) value;
        }
        for (int k = 0; k < count; k++) {
            double delta = reader.delta(k, dtype);
            stats.add(reader.w(k), reader.w0(k), delta);
            if (Double.doubleToRawLongBits(reader.w(k)) == Double.doubleToRawLongBits(reader.w0(k))) {
                stats.bitIdentical++;
            }
            double abs = Math.abs(delta);
            for (int t = 0; t < limits.length; t++) {
                if (!(abs <= limits[t])) { // a NaN has moved
                    stats.moved[t]++;
                }
            }
            if (!(abs <= limits[0])) {
                lines.mark(from + k);
            }
        }
        return stats;
    }

    /** One bit for each row and column: whether anything in it moved. Safe for use by many threads. */
    private static final class MovedLines {

        static final MovedLines NONE = new MovedLines(0, 0);

        private final long rows;
        private final long cols;
        private final AtomicIntegerArray rowBits;
        private final AtomicIntegerArray colBits;

        MovedLines(long rows, long cols) {
            this.rows = rows;
            this.cols = cols;
            this.rowBits = new AtomicIntegerArray(Math.toIntExact((rows + 31) / 32));
            this.colBits = new AtomicIntegerArray(Math.toIntExact((cols + 31) / 32));
        }

        void mark(long element) {
            if (cols > 0) {
                set(rowBits, element / cols);
                set(colBits, element % cols);
            }
        }

        private static void set(AtomicIntegerArray bits, long index) {
            int word = (int) (index >>> 5);
            int bit = 1 << (index & 31);
            if ((bits.get(word) & bit) == 0) {
                bits.accumulateAndGet(word, bit, (a, b) -> a | b);
            }
        }

        long unmovedRows() {
            return rows - count(rowBits);
        }

        long unmovedCols() {
            return cols - count(colBits);
        }

        private static long count(AtomicIntegerArray bits) {
            long count = 0;
            for (int k = 0; k < bits.length(); k++) {
                count += Integer.bitCount(bits.get(k));
            }
            return count;
        }
    }
}
