package io.detinit.interop.shrink;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a model is shrunk.
 *
 * @param threads threads of ONNX Runtime, >= 1
 * @param tolerance the largest accepted difference of outputs, as a fraction of the largest output; >= 0
 * @param samples random samples of each distribution on which the outputs are compared, >= 1
 * @param calibration what the model is really fed with, where known: it shows which inputs are constant, and outputs are compared
 *     on it too
 * @param inputs whether dead inputs are removed too; they change the shape of the first weights
 * @param unmoved by the name of a first layer's weights, the inputs (columns) whose weights are all exactly their initial ones;
 *     only such an input is removed because the calibration shows it constant
 */
public record ShrinkOptions(
        int threads,
        double tolerance,
        int samples,
        boolean inputs,
        Optional<Calibration> calibration,
        Map<String, BitSet> unmoved) {

    /** The largest difference of outputs that passes, as a fraction of the largest output. */
    public static final double TOLERANCE = 1e-5;

    private static final int SAMPLES = 16;

    /**
     * Copies the map.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    public ShrinkOptions {
        if (threads < 1 || samples < 1 || !(tolerance >= 0)) {
            throw new IllegalArgumentException("threads " + threads + ", samples " + samples + ", tolerance "
                    + tolerance + "; at least 1, 1 and 0 are needed");
        }
        Map<String, BitSet> copy = new HashMap<>();
        unmoved.forEach((name, columns) -> copy.put(name, (BitSet) columns.clone()));
        unmoved = copy;
    }

    /**
     * The defaults: tolerance {@value #TOLERANCE}, 16 samples, nothing known of the inputs.
     *
     * @param threads threads of ONNX Runtime, >= 1
     * @return the options
     */
    public static ShrinkOptions of(int threads) {
        return new ShrinkOptions(threads, TOLERANCE, SAMPLES, true, Optional.empty(), Map.of());
    }

    /** {@return the same options, dead inputs left alone} */
    public ShrinkOptions keepingInputs() {
        return new ShrinkOptions(threads, tolerance, samples, false, calibration, unmoved);
    }

    /**
     * The same options with what is known of the inputs.
     *
     * @param known what the model is really fed with
     * @param columns as {@link #unmoved}
     * @return the options
     */
    public ShrinkOptions with(Calibration known, Map<String, BitSet> columns) {
        return new ShrinkOptions(threads, tolerance, samples, inputs, Optional.of(known), columns);
    }
}
