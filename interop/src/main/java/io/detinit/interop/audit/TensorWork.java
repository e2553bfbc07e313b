package io.detinit.interop.audit;

import io.detinit.generator.TensorShape;
import io.detinit.interop.noise.NoiseLayer;
import io.detinit.interop.noise.NoiseRecord;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A tensor to be audited.
 *
 * @param view its elements in the logical shape, outputs first
 * @param initial what they are compared with
 * @param decay the factor on the initial values
 * @param thresholds the thresholds
 * @param limits what each came to here; of a quantile the value itself until it is known; of auto that of the layer as a whole
 * @param noise what its weights would have moved without signal, where a threshold asks
 * @param stride one element in so many is counted in the histogram, a run of every band; a power of two
 */
record TensorWork(
        TensorView view,
        Baseline.Initial initial,
        double decay,
        List<Threshold> thresholds,
        List<Double> limits,
        @Nullable NoiseLayer noise,
        long stride) {

    /** A tensor of fewer bands has every element in its histogram. */
    private static final long LARGE = 32;

    /** At least so many bands' worth of elements of a larger one are counted. */
    private static final long COUNTED_BANDS = 8;

    /** Runs are not shorter than a band divided by this. */
    private static final long MOST_RUNS = 32;

    /** Odd, so that runs come from everywhere in a band, and from other columns in each. */
    private static final long SPREAD = 13;

    static TensorWork of(TensorView view, Baseline.Initial initial, AuditOptions options) throws IOException {
        Double std = null;
        NoiseLayer noise = noise(view, initial, options.noise());
        Double[] limits = new Double[options.thresholds().size()];
        for (int t = 0; t < limits.length; t++) {
            Threshold threshold = options.thresholds().get(t);
            limits[t] = switch (threshold.kind()) {
                case ABS, ULP, QUANTILE -> threshold.value();
                case STD -> {
                    std = std == null ? scale(initial.values()) : std;
                    yield threshold.value() * std;
                }
                case AUTO ->
                    NoiseLimits.quantile(threshold)
                            * Objects.requireNonNull(noise).std();
            };
        }
        return of(view, initial, options, List.of(limits));
    }

    /** With limits that are known. */
    static TensorWork of(TensorView view, Baseline.Initial initial, AuditOptions options, List<Double> limits) {
        long bands = view.info().shape().elements() / ChunkAudit.BAND;
        long stride =
                options.lines() || bands < LARGE ? 1 : Math.min(MOST_RUNS, Long.highestOneBit(bands / COUNTED_BANDS));
        NoiseLayer noise = noise(view, initial, options.noise());
        return new TensorWork(view, initial, options.decay(), options.thresholds(), limits, noise, stride);
    }

    private static @Nullable NoiseLayer noise(TensorView view, Baseline.Initial initial, @Nullable NoiseRecord record) {
        if (record == null) {
            return null;
        }
        NoiseLayer layer = record.find(initial.name())
                .orElseThrow(() -> new IllegalArgumentException("the noise record has no parameter '" + initial.name()
                        + "': it was not trained, or the record belongs to another model"));
        if (!layer.shape().equals(view.info().shape())) {
            throw new IllegalArgumentException("the noise record says '" + initial.name() + "' has the shape "
                    + layer.shape() + ", the file has " + view.info().shape() + "; it belongs to another model");
        }
        return layer;
    }

    /** The standard deviation of initial values; of constants their size. */
    static double scale(InitialValues values) throws IOException {
        double std = values.std();
        if (Double.isNaN(std)) {
            std = InitialStd.measure(values);
        }
        if (std > 0 || values.shape().elements() == 0) {
            return std;
        }
        float[] first = new float[1];
        values.fill(0, first, 0, 1);
        return Math.abs(first[0]);
    }

    /** The same with another limit. */
    TensorWork withLimit(int threshold, double limit) {
        List<Double> changed = new java.util.ArrayList<>(limits);
        changed.set(threshold, limit);
        return new TensorWork(view, initial, decay, thresholds, List.copyOf(changed), noise, stride);
    }

    /** Where in a band the run starts that is counted. */
    int countedFrom(long band) {
        return (int) (band * SPREAD % stride) * countedLength();
    }

    /** How many elements of a band are counted. */
    int countedLength() {
        return (int) (ChunkAudit.BAND / stride);
    }

    InitialValues values() {
        return initial.values();
    }

    DType dtype() {
        return view.info().dtype();
    }

    TensorShape shape() {
        return view.info().shape();
    }

    long elements() {
        return shape().elements();
    }

    boolean isMatrix() {
        return shape().rank() >= 2 && elements() > 0;
    }
}
