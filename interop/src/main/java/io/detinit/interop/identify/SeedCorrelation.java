package io.detinit.interop.identify;

import io.detinit.generator.TensorInit;
import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.tensor.ElementReader;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.List;

/**
 * Pearson's correlation of a whole tensor with its initial values, over the weights that are finite. Sums are formed chunk by
 * chunk and merged in order: the same bits for any number of threads. Not thread-safe.
 */
final class SeedCorrelation {

    private static final int CHUNK = 1 << 16;

    private long weights;
    private double sumW;
    private double sumW0;
    private double sumWW;
    private double sumW0W0;
    private double sumWW0;

    private SeedCorrelation() {}

    /** The arrays of a thread. */
    private static final class Buffers {
        final ElementReader reader = new ElementReader();
        final float[] trained = new float[CHUNK];
        final float[] initial = new float[CHUNK];
    }

    static SeedCorrelation of(SeedTensor tensor, long seed, int threads) throws IOException {
        TensorView view = tensor.view();
        TensorInit init = tensor.init(seed);
        long elements = tensor.elements();
        int pieces = Math.toIntExact((elements + CHUNK - 1) / CHUNK);
        List<SeedCorrelation> parts = Parallel.run(threads, pieces, Buffers::new, (buffers, number) -> {
            long from = number * CHUNK;
            int count = (int) Math.min(CHUNK, elements - from);
            buffers.reader.floats(view, from, buffers.trained, 0, count);
            init.fill(from, buffers.initial, 0, count);
            return chunk(buffers.trained, buffers.initial, count);
        });
        SeedCorrelation total = new SeedCorrelation();
        parts.forEach(total::merge);
        return total;
    }

    private static SeedCorrelation chunk(float[] trained, float[] initial, int count) {
        SeedCorrelation sums = new SeedCorrelation();
        for (int k = 0; k < count; k++) {
            double w = trained[k];
            double w0 = initial[k];
            if (Double.isFinite(w)) {
                sums.weights++;
                sums.sumW += w;
                sums.sumW0 += w0;
                sums.sumWW += w * w;
                sums.sumW0W0 += w0 * w0;
                sums.sumWW0 += w * w0;
            }
        }
        return sums;
    }

    private void merge(SeedCorrelation next) {
        weights += next.weights;
        sumW += next.sumW;
        sumW0 += next.sumW0;
        sumWW += next.sumWW;
        sumW0W0 += next.sumW0W0;
        sumWW0 += next.sumWW0;
    }

    SeedEvidence evidence(double tried) {
        return SeedEvidence.of(value(), weights, tried);
    }

    /** The correlation; NaN where one side is constant. */
    private double value() {
        double n = weights;
        double varW = sumWW - sumW * sumW / n;
        double varW0 = sumW0W0 - sumW0 * sumW0 / n;
        if (weights < 2 || !(varW > 0) || !(varW0 > 0)) {
            return Double.NaN;
        }
        double r = (sumWW0 - sumW * sumW0 / n) / (Math.sqrt(varW) * Math.sqrt(varW0));
        return Math.max(-1, Math.min(1, r));
    }
}
