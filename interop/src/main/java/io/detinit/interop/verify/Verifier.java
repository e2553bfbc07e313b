package io.detinit.interop.verify;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.TensorComparison.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compares two models: their tensors bit for bit, or what they compute.
 *
 * <p>Stateless; safe for use by many threads, where the arguments are.
 */
public final class Verifier {

    private Verifier() {}

    /**
     * Compares tensors of the same name. Memory does not grow with the tensors.
     *
     * @param first one checkpoint
     * @param second another one, of the same format or a different one
     * @return what was found, tensor by tensor
     * @throws IOException if reading fails
     */
    public static CheckpointComparison compare(Checkpoint first, Checkpoint second) throws IOException {
        Map<String, TensorView> rest = new LinkedHashMap<>();
        second.tensors().forEach(tensor -> rest.put(tensor.info().name(), tensor));
        List<TensorComparison> found = new ArrayList<>();
        for (TensorView tensor : first.tensors()) {
            TensorView other = rest.remove(tensor.info().name());
            if (other == null) {
                found.add(of(Outcome.ONLY_IN_FIRST, tensor.info(), null));
            } else {
                found.add(compare(tensor, other));
            }
        }
        rest.values().forEach(tensor -> found.add(of(Outcome.ONLY_IN_SECOND, null, tensor.info())));
        return new CheckpointComparison(found);
    }

    /**
     * Compares two tensors.
     *
     * @param first one tensor; its name is reported
     * @param second another one
     * @return what was found
     * @throws IOException if reading fails
     */
    public static TensorComparison compare(TensorView first, TensorView second) throws IOException {
        TensorInfo a = first.info();
        TensorInfo b = second.info();
        if (a.dtype() != b.dtype()) {
            return of(Outcome.DTYPE_MISMATCH, a, b);
        }
        if (!a.shape().equals(b.shape())) {
            return of(Outcome.SHAPE_MISMATCH, a, b);
        }
        ElementComparator elements = new ElementComparator(a.dtype());
        elements.compare(first, second);
        return elements.differing() == 0
                ? of(Outcome.IDENTICAL, a, b)
                : new TensorComparison(
                        a.name(), Outcome.DIFFERENT, a, b, elements.differing(), elements.maxAbsDifference());
    }

    private static TensorComparison of(Outcome outcome, @Nullable TensorInfo first, @Nullable TensorInfo second) {
        TensorInfo any = first != null ? first : second;
        return new TensorComparison(any == null ? "" : any.name(), outcome, first, second, 0, 0);
    }

    /**
     * Runs two models on the same samples and compares their outputs.
     *
     * @param first the model whose outputs set the scale
     * @param second the other one
     * @param samples {@code [count, features]}, row-major, at least one
     * @param features the values of one sample, > 0
     * @param batch samples per run, >= 1
     * @param tolerance the largest accepted difference, as a fraction of the largest output; >= 0
     * @return what was found
     * @throws IOException if a model cannot be run
     * @throws IllegalArgumentException if the samples do not fit a model, the models give different numbers of outputs, or the
     *     tolerance is negative or NaN
     */
    public static OutputComparison compareOutputs(
            OnnxScorer first, OnnxScorer second, float[] samples, int features, int batch, double tolerance)
            throws IOException {
        if (!(tolerance >= 0)) {
            throw new IllegalArgumentException("the tolerance is " + tolerance + "; it must be at least 0");
        }
        float[] a = first.logits(samples, features, batch);
        float[] b = second.logits(samples, features, batch);
        if (a.length != b.length || a.length == 0) {
            throw new IllegalArgumentException("on " + samples.length / features + " samples the models give "
                    + a.length + " and " + b.length + " outputs; they must give as many, and at least one");
        }
        int count = samples.length / features;
        int perSample = a.length / count;
        double max = 0;
        double scale = 0;
        for (int k = 0; k < a.length; k++) {
            max = Math.max(max, ElementComparator.difference(a[k], b[k]));
            if (Float.isFinite(a[k])) {
                scale = Math.max(scale, Math.abs(a[k]));
            }
        }
        int agreeing = 0;
        for (int n = 0; n < count; n++) {
            int place = Scoring.argMax(a, n * perSample, perSample);
            agreeing += place == Scoring.argMax(b, n * perSample, perSample) ? 1 : 0;
        }
        return new OutputComparison(count, perSample, max, scale, max == 0 ? 0 : max / scale, agreeing, tolerance);
    }
}
