package io.detinit.interop.audit;

import io.detinit.interop.noise.NoiseLayer;
import io.detinit.interop.statistics.NormalTail;
import java.util.Objects;

/** The limits of consecutive weights, each from its own noise. Not thread-safe. */
final class NoiseLimits {

    private final NoiseLayer layer;
    private final double quantile;
    private final double[] cols;
    private double scale;
    private int row;
    private int col;

    private NoiseLimits(NoiseLayer layer, double quantile, long from) {
        this.layer = layer;
        this.quantile = quantile;
        this.cols = layer.cols().stream().mapToDouble(Double::doubleValue).toArray();
        this.row = Math.toIntExact(from / cols.length);
        this.col = Math.toIntExact(from % cols.length);
        this.scale = layer.std() * layer.rows().get(row);
    }

    /** The limits of a threshold from an element on. */
    static NoiseLimits of(TensorWork work, int threshold, long from) {
        return new NoiseLimits(
                Objects.requireNonNull(work.noise()), quantile(work.thresholds().get(threshold)), from);
    }

    /** How many standard deviations a weight without signal exceeds, to either side, with the threshold's probability. */
    static double quantile(Threshold threshold) {
        return NormalTail.inverseUpper(threshold.value() / 2);
    }

    /** The next weight's limit of |w - w0|. */
    double next() {
        double limit = quantile * NoiseLayer.with(layer.rounding(), scale * cols[col]);
        col++;
        if (col == cols.length) {
            col = 0;
            row++;
            scale = row == layer.rows().size() ? 0 : layer.std() * layer.rows().get(row);
        }
        return limit;
    }
}
