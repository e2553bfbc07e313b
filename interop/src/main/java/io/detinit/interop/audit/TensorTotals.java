package io.detinit.interop.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Collects the chunks of one tensor in order, and makes its figures. Not thread-safe. */
final class TensorTotals {

    private final TensorWork work;
    private final long[] moved;
    private final DeltaBins bins = new DeltaBins();
    private final LineMarks marks;
    private final @Nullable LineTotals lines;
    private BandSums sums = BandSums.NONE;

    TensorTotals(TensorWork work, boolean withLines) {
        this.work = work;
        this.moved = new long[work.thresholds().size()];
        this.marks = LineMarks.of(work, 0, work.elements());
        this.lines = withLines && work.isMatrix() ? new LineTotals(work) : null;
    }

    private void add(List<BandSums> bands, List<Long> counts, DeltaBins.Run run, LineMarks lineMarks) {
        for (BandSums band : bands) {
            sums = sums.plus(band);
        }
        for (int t = 0; t < moved.length; t++) {
            moved[t] += counts.get(t);
        }
        bins.add(run, work.stride());
        marks.add(lineMarks);
    }

    void add(ChunkAudit chunk) {
        add(chunk.bands(), chunk.moved(), chunk.bins(), chunk.marks());
        if (lines != null) {
            chunk.lines().forEach(lines::add);
        }
    }

    void add(PartialAudit part) {
        add(part.bands(), part.moved(), part.bins(), part.marks());
        if (lines != null) {
            long from = part.firstChunk() * AuditedTensor.CHUNK;
            long end = from + part.elements();
            int at = 0;
            for (; from < end; from += ChunkAudit.BAND) {
                at = lines.addRows(from, (int) Math.min(ChunkAudit.BAND, end - from), part.rows(), at);
            }
            lines.addPictures(part.pictures());
        }
    }

    BandSums sums() {
        return sums;
    }

    DeltaBins bins() {
        return bins;
    }

    long[] moved() {
        return moved.clone();
    }

    /** The distribution's standard deviation, or else the measured one. */
    double initStd() {
        double std = work.values().std() * work.decay();
        return Double.isNaN(std) ? sums.initialStd() : std;
    }

    TensorAudit audit() {
        double std = initStd();
        Figures figures = figures(
                sums,
                moved,
                work.limits(),
                bins,
                std,
                std > 0 ? OptionalDouble.of(sums.rms() / std) : OptionalDouble.empty(),
                Spacing.at(std, work.dtype()));
        boolean judged = work.values().isRandom() && figures.correlation().isPresent();
        boolean matrix = work.isMatrix();
        return new TensorAudit(
                work.view().info().name(),
                work.initial().order().stored(work.shape()),
                work.dtype(),
                work.initial().order(),
                work.initial().name(),
                "",
                figures,
                judged
                        ? Optional.of(Provenance.of(figures.correlation().getAsDouble(), sums.elements()))
                        : Optional.empty(),
                matrix ? OptionalLong.of(marks.unmovedCols()) : OptionalLong.empty(),
                matrix ? OptionalLong.of(marks.unmovedRows()) : OptionalLong.empty(),
                Optional.ofNullable(lines).map(l -> l.lines(marks)));
    }

    static Figures figures(
            BandSums sums,
            long[] moved,
            List<Double> limits,
            DeltaBins bins,
            double initStd,
            OptionalDouble relative,
            double spacing) {
        List<Long> counts = new ArrayList<>();
        for (long count : moved) {
            counts.add(count);
        }
        return new Figures(
                sums.elements(),
                counts,
                limits,
                sums.bitIdentical(),
                sums.notFinite(),
                sums.meanAbs(),
                sums.rms(),
                sums.maxAbs(),
                initStd,
                relative,
                optional(sums.correlation()),
                optional(sums.cosine()),
                sums.signFlips(),
                sums.towardsZero(),
                sums.awayFromZero(),
                bins.quantiles(sums.maxAbs()),
                bins.histogram(),
                spacing);
    }

    private static OptionalDouble optional(double value) {
        return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
}
