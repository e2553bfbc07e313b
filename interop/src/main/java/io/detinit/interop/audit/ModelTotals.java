package io.detinit.interop.audit;

import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/** The figures of all audited tensors together. Not thread-safe. */
final class ModelTotals {

    private final long[] moved;
    private final DeltaBins bins = new DeltaBins();
    private BandSums sums = BandSums.NONE;
    private List<Double> limits;
    private double relativeSquares;
    private long relativeElements;
    private double weighted;
    private long weights;
    private long identical;

    ModelTotals(AuditOptions options) {
        this.moved = new long[options.thresholds().size()];
        this.limits = Collections.nCopies(moved.length, Double.NaN);
    }

    /** Adds the next tensor. */
    void add(TensorTotals tensor, TensorAudit audit) {
        boolean first = sums.elements() == 0;
        sums = sums.plus(tensor.sums());
        long[] counts = tensor.moved();
        for (int t = 0; t < moved.length; t++) {
            moved[t] += counts[t];
        }
        bins.add(tensor.bins());
        limits = first
                ? audit.figures().limits()
                : common(limits, audit.figures().limits());
        double std = tensor.initStd();
        if (std > 0) {
            relativeSquares += tensor.sums().sumSquares() / (std * std);
            relativeElements += tensor.sums().elements() - tensor.sums().notFinite();
        }
        audit.provenance().ifPresent(provenance -> {
            weighted += provenance.correlation() * audit.elements();
            weights += audit.elements();
            identical += audit.figures().bitIdentical();
        });
    }

    private static List<Double> common(List<Double> some, List<Double> others) {
        return java.util.stream.IntStream.range(0, some.size())
                .mapToObj(t -> some.get(t).equals(others.get(t)) ? some.get(t) : Double.valueOf(Double.NaN))
                .toList();
    }

    Figures figures() {
        OptionalDouble relative = relativeElements == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.sqrt(relativeSquares / relativeElements));
        return TensorTotals.figures(sums, moved, limits, bins, Double.NaN, relative, Double.NaN);
    }

    /** The share of the weights with drawn initial values that kept their bits; 1 where there are none. */
    double identicalShare() {
        return weights == 0 ? 1 : (double) identical / weights;
    }

    Provenance provenance() {
        return Provenance.of(weights == 0 ? 0 : weighted / weights, weights);
    }
}
