package io.detinit.interop.verify;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.TensorComparison.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares two models: their tensors bit for bit, or what they compute.
 *
 * <p>Stateless; safe for use by many threads, where the arguments are.
 */
public final class Verifier {

    private Verifier() {}

    /**
     * Compares tensors of the same name, and parameters whose names differ only by wrappers ({@code module.}, keys of training
     * scripts; weights that an ONNX exporter renamed go by their module). A matrix that one of the files keeps transposed is
     * compared in PyTorch's order, outputs first. Memory does not grow with the tensors.
     *
     * @param first one checkpoint
     * @param second another one, of the same format or a different one
     * @return what was found, tensor by tensor
     * @throws IOException if reading fails
     */
    public static CheckpointComparison compare(Checkpoint first, Checkpoint second) throws IOException {
        TensorMatches matches = new TensorMatches(first, second);
        List<TensorComparison> found = new ArrayList<>();
        for (TensorView tensor : first.tensors()) {
            TensorView other = matches.take(tensor);
            if (other == null) {
                found.add(of(Outcome.ONLY_IN_FIRST, tensor.info(), null));
            } else {
                found.add(matches.compare(tensor, other));
            }
        }
        matches.rest().forEach(tensor -> found.add(of(Outcome.ONLY_IN_SECOND, null, tensor.info())));
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
        return sums(a, b, a.length / count).result(count, tolerance);
    }

    private static OutputSums sums(float[] first, float[] second, int perSample) {
        OutputSums sums = new OutputSums();
        double[] a = new double[perSample];
        double[] b = new double[perSample];
        for (int from = 0; from < first.length; from += perSample) {
            Scoring.row(first, from, a);
            Scoring.row(second, from, b);
            sums.add(a, b, perSample);
        }
        return sums;
    }

    /**
     * How far the outputs of one model are from another's: the mean of KL(first || second), as
     * {@link OutputComparison#meanDivergence} defines it.
     *
     * @param first {@code [samples, classes]}, row-major, such as {@link OnnxScorer#logits} returns
     * @param second as many values of the other model
     * @param samples how many rows, >= 1
     * @return the mean in nats, >= 0; infinite where the second model gives a class that the first one allows a logit of minus
     *     infinity; NaN where there are fewer than two classes or an output is a NaN
     * @throws IllegalArgumentException if the arrays are not as many values for each sample
     */
    public static double meanDivergence(float[] first, float[] second, int samples) {
        if (samples < 1 || first.length != second.length || first.length % samples != 0) {
            throw new IllegalArgumentException(first.length + " and " + second.length + " outputs for " + samples
                    + " samples; both must be as many for each, of at least one");
        }
        return sums(first, second, first.length / samples).result(samples, 0).meanDivergence();
    }

    /**
     * Runs two models on the same random inputs and compares all their outputs. Inputs and outputs are paired by name, the
     * others in their order. An axis that is free in one model is as in the other, where that fixes it. Memory does not grow with
     * the samples.
     *
     * @param first the model whose outputs set the scale
     * @param second the other one
     * @param random how inputs are made
     * @param samples runs of each, >= 1
     * @param tolerance the largest accepted difference of floating-point outputs, as a fraction of the largest output; >= 0
     * @param progress told after each sample how many are done
     * @return what was found
     * @throws IOException if a model cannot be run
     * @throws IllegalArgumentException if the models have different inputs or outputs, or an argument is out of range
     */
    public static RandomComparison compareRandom(
            OnnxRunner first,
            OnnxRunner second,
            RandomInputs random,
            int samples,
            double tolerance,
            IntConsumer progress)
            throws IOException {
        if (samples < 1 || !(tolerance >= 0)) {
            throw new IllegalArgumentException(
                    "samples " + samples + ", tolerance " + tolerance + "; at least 1 and 0 are needed");
        }
        return new RandomRuns(first, second, random).compare(samples, tolerance, progress);
    }

    /**
     * Runs of two models on the same random inputs, to be timed in turns ({@link Latencies#interleaved}).
     *
     * @param first one model
     * @param second another one that takes the same inputs
     * @param random how inputs are made
     * @return the runs of the first and of the second
     * @throws IOException if an input is too large
     * @throws IllegalArgumentException if the models have different inputs or outputs
     */
    public static List<LatencyProbe> probes(OnnxRunner first, OnnxRunner second, RandomInputs random)
            throws IOException {
        return new RandomRuns(first, second, random).probes();
    }
}
