package io.detinit.interop.audit;

import io.detinit.generator.DeltaKernel;
import io.detinit.generator.DeltaSums;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one thread finds in a chunk: a few bands of one tensor.
 *
 * @param work the tensor
 * @param last whether it is the tensor's last chunk
 * @param bands one entry for each band
 * @param moved how many elements moved at each threshold
 * @param bins counts of |w - w0|
 * @param marks which rows moved, and which columns unless an earlier chunk of the same worker said that all have
 * @param lines how far they moved, one entry for each band, where asked for
 */
record ChunkAudit(
        TensorWork work,
        boolean last,
        List<BandSums> bands,
        List<Long> moved,
        DeltaBins.Run bins,
        LineMarks marks,
        List<LineSums> lines) {

    /** Elements of a band. */
    static final int BAND = 1 << 16;

    /** Elements that are read, regenerated and compared at once: both sides stay in the processor's second-level cache. */
    static final int BLOCK = 1 << 16;

    /** The arrays of a thread. */
    static final class Worker {
        private final WeightReader reader = new WeightReader(BLOCK);
        private final long[] bits = new long[BAND / Long.SIZE];
        private final long[] bins = new long[DeltaKernel.BINS];
        private boolean counting;
        private int lowestBin;
        private final DeltaSums sums = new DeltaSums();
        private @Nullable TensorWork allColumns;

        /** Makes the next chunk tell columns that moved although others of the same tensor did: it belongs to another result. */
        void forgetColumns() {
            allColumns = null;
        }

        /** Lets a chunk count in bins that are all 0, also after one that failed. */
        private void countBins() {
            if (counting) {
                Arrays.fill(bins, 0);
            }
            counting = true;
            lowestBin = bins.length;
        }

        private DeltaBins.Run takeBins(List<BandSums> bands) {
            counting = false;
            int end = 1;
            for (BandSums band : bands) {
                end = Math.max(end, band.notFinite() > 0 ? bins.length : DeltaBins.bin((float) band.maxAbs()) + 1);
            }
            return DeltaBins.Run.take(bins, lowestBin, end);
        }

        /** What the last band was read with. */
        WeightReader reader() {
            return reader;
        }

        /** Whether an element of the last band moved at the first threshold, if every bit was wanted. */
        boolean isMoved(int place) {
            return (bits[place >>> 6] >>> place & 1) != 0;
        }
    }

    static ChunkAudit of(Worker worker, TensorWork work, long from, int count, Lines detail) throws IOException {
        return of(worker, work, from, count, detail, false);
    }

    /** Where every bit is wanted, the worker can say of each element of the last band whether it moved. */
    static ChunkAudit of(Worker worker, TensorWork work, long from, int count, Lines detail, boolean everyBit)
            throws IOException {
        long[] moved = new long[work.thresholds().size()];
        List<BandSums> bands = new ArrayList<>();
        List<LineSums> lines = new ArrayList<>();
        LineMarks marks = work.equals(worker.allColumns)
                ? LineMarks.withoutColumns(work, from, count)
                : LineMarks.of(work, from, count);
        worker.reader.ahead(work.view(), from, count);
        worker.countBins();
        for (int done = 0; done < count; done += BAND) {
            int length = Math.min(BAND, count - done);
            Band band = new Band(worker, work, from + done, moved, work.isMatrix() ? detail : Lines.NONE);
            boolean bits = everyBit || marks.needBits() || !band.hasFixedLimit();
            bands.add(band.compare(length, bits));
            band.lines().ifPresent(lines::add);
            if (bits) {
                marks.mark(worker.bits, from + done, length);
            } else {
                marks.markRows(from + done, length, band::isBeyond);
            }
        }
        if (marks.hasAllColumns()) {
            worker.allColumns = work;
        }
        return new ChunkAudit(
                work,
                from + count == work.elements(),
                bands,
                Arrays.stream(moved).boxed().toList(),
                worker.takeBins(bands),
                marks,
                lines);
    }

    /** One band under comparison. */
    private static final class Band {

        private static final long[] NO_BITS = {};

        private final Worker worker;
        private final TensorWork work;
        private final long from;
        private final long[] moved;
        private final boolean wide;
        private final float[] limits;
        private @Nullable LineSums lines;
        private final Lines detail;

        Band(Worker worker, TensorWork work, long from, long[] moved, Lines detail) {
            this.worker = worker;
            this.work = work;
            this.from = from;
            this.moved = moved;
            this.detail = detail;
            this.wide = work.dtype() == DType.F64;
            this.limits = new float[moved.length];
            for (int t = 0; t < limits.length; t++) {
                limits[t] = isSteps(t) || isAuto(t)
                        ? Float.POSITIVE_INFINITY
                        : work.limits().get(t).floatValue();
            }
        }

        private boolean isSteps(int t) {
            return work.thresholds().get(t).kind() == Threshold.Kind.ULP;
        }

        private boolean isAuto(int t) {
            return work.thresholds().get(t).kind() == Threshold.Kind.AUTO;
        }

        Optional<LineSums> lines() {
            return Optional.ofNullable(lines);
        }

        /** Whether the first threshold is one and the same limit of float32 deltas. */
        boolean hasFixedLimit() {
            return !wide && !isSteps(0) && !isAuto(0);
        }

        /** Whether an element of the band that was compared moved at the first threshold, which is a fixed limit. */
        boolean isBeyond(int place) {
            return !(Math.abs(worker.reader.shown().get(place) - worker.reader.initialFloats()[place]) <= limits[0]);
        }

        /** Compares; the worker then has the bits of what moved, if asked for. */
        BandSums compare(int count, boolean bits) throws IOException {
            BandSums sums = BandSums.NONE;
            worker.sums.clear();
            lines = detail == Lines.NONE ? null : LineSums.of(work, from, count, detail);
            for (int at = 0; at < count; at += BLOCK) {
                int length = Math.min(BLOCK, count - at);
                worker.reader.read(work.view(), work.values(), work.decay(), from + at, length);
                if (wide) {
                    sums = sums.plus(wide(at, length));
                } else {
                    single(at, length, bits);
                }
                if (lines != null) {
                    lines.add(worker.reader, work.dtype(), from + at, length);
                }
            }
            return wide ? sums : BandSums.of(worker.sums);
        }

        private void single(int at, int count, boolean bits) {
            FloatBuffer w = worker.reader.shown();
            float[] w0 = worker.reader.initialFloats();
            long[] here = new long[limits.length];
            long[] which = bits ? worker.bits : NO_BITS;
            DeltaKernel.compare(w, 0, w0, 0, count, limits, worker.sums, here, which, at / Long.SIZE);
            int first = countedFrom(at);
            int counted = countedEnd(at, count) - first;
            if (counted > 0) {
                int lowest = DeltaKernel.histogram(w, first, w0, first, counted, worker.bins);
                worker.lowestBin = Math.min(worker.lowestBin, lowest);
            }
            for (int t = 0; t < limits.length; t++) {
                moved[t] += isSteps(t) ? steps(t, at, count) : isAuto(t) ? auto(t, at, count) : here[t];
            }
        }

        /** Of a block of the band, the first element that the histogram counts. */
        private int countedFrom(int at) {
            return Math.max(0, work.countedFrom(from / BAND) - at);
        }

        /** Of a block of the band, the element behind the last one that the histogram counts. */
        private int countedEnd(int at, int count) {
            return Math.min(count, work.countedFrom(from / BAND) + work.countedLength() - at);
        }

        private BandSums wide(int at, int count) {
            double[] w = worker.reader.doubles();
            double[] w0 = worker.reader.initialDoubles();
            int end = countedEnd(at, count);
            for (int k = countedFrom(at); k < end; k++) {
                int bin = DeltaBins.bin((float) (w[k] - w0[k]));
                worker.bins[bin]++;
                worker.lowestBin = bin == 0 ? worker.lowestBin : Math.min(worker.lowestBin, bin);
            }
            for (int t = 0; t < limits.length; t++) {
                moved[t] += isSteps(t)
                        ? steps(t, at, count)
                        : isAuto(t) ? auto(t, at, count) : beyond(work.limits().get(t), t == 0, at, count);
            }
            return BandSums.of(w, w0, count);
        }

        /** Counts, and for the first threshold marks, what moved farther than a limit. */
        private long beyond(double limit, boolean first, int at, int count) {
            clear(first, at, count);
            long beyond = 0;
            for (int k = 0; k < count; k++) {
                if (!(Math.abs(worker.reader.delta(k, DType.F64)) <= limit)) { // a NaN has moved
                    beyond++;
                    mark(first, at + k);
                }
            }
            return beyond;
        }

        /** Counts, and for the first threshold marks, what moved by more steps than it says. */
        private long steps(int t, int at, int count) {
            clear(t == 0, at, count);
            long limit = work.limits().get(t).longValue();
            long beyond = 0;
            for (int k = 0; k < count; k++) {
                long steps = wide
                        ? Spacing.steps(
                                worker.reader.doubles()[k], worker.reader.initialDoubles()[k])
                        : Spacing.steps(worker.reader.floats()[k], worker.reader.initialFloats()[k], work.dtype());
                if (steps > limit) {
                    beyond++;
                    mark(t == 0, at + k);
                }
            }
            return beyond;
        }

        /** Counts, and for the first threshold marks, what moved farther than its own noise explains. */
        private long auto(int t, int at, int count) {
            clear(t == 0, at, count);
            NoiseLimits own = NoiseLimits.of(work, t, from + at);
            long beyond = 0;
            for (int k = 0; k < count; k++) {
                if (!(Math.abs(worker.reader.delta(k, work.dtype())) <= own.next())) { // a NaN has moved
                    beyond++;
                    mark(t == 0, at + k);
                }
            }
            return beyond;
        }

        private void clear(boolean first, int at, int count) {
            if (first) {
                Arrays.fill(worker.bits, at / Long.SIZE, (at + count + Long.SIZE - 1) / Long.SIZE, 0);
            }
        }

        private void mark(boolean first, int place) {
            if (first) {
                worker.bits[place >>> 6] |= 1L << place;
            }
        }
    }
}
