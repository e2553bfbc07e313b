package io.detinit.interop.shrink;

import io.detinit.generator.SplitMix64;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.verify.ModelInput;
import io.detinit.interop.verify.NamedComparison;
import io.detinit.interop.verify.OnnxRunner;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.RandomInputs;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Compares a model with the smaller one on random samples that keep the assumptions, and on the calibration set. */
final class Prover {

    private static final long SEED = 1;
    private static final int BATCH = 64;
    private static final long OTHER_BATCH = 5;
    private static final int MOST = 1024;

    private final String name;
    private final byte[] first;
    private final byte[] second;
    private final ShrinkOptions options;
    private double maxAbs;
    private double maxRelative;

    Prover(String name, byte[] first, byte[] second, ShrinkOptions options) {
        this.name = name;
        this.first = first;
        this.second = second;
        this.options = options;
    }

    /**
     * Runs both.
     *
     * @throws UnequalOutputsException if an output differs by more than the tolerance
     */
    Proof prove(RandomInputs inputs, List<Assumption> assumptions) throws IOException {
        int random = assumptions.isEmpty() ? random(inputs) : assumed(assumptions);
        int known = 0;
        if (options.calibration().isPresent()) {
            Calibration calibration = options.calibration().get();
            known = Math.min(MOST, calibration.count());
            samples(Arrays.copyOf(calibration.features(), known * calibration.width()), calibration.width());
        }
        return new Proof(random, known, maxAbs, maxRelative, options.tolerance());
    }

    private int random(RandomInputs inputs) throws IOException {
        int samples = 0;
        try (OnnxRunner one = OnnxRunner.of(name, first, options.threads());
                OnnxRunner two = OnnxRunner.of(name + " (smaller)", second, options.threads())) {
            for (RandomInputs.Distribution distribution : RandomInputs.Distribution.values()) {
                samples += random(one, two, inputs, distribution, options.samples());
            }
            RandomInputs others = otherBatch(one, inputs);
            if (!others.shapes().equals(inputs.shapes()) && runs(one, others)) {
                samples += random(one, two, others, RandomInputs.Distribution.NORMAL, 1);
            }
        }
        return samples;
    }

    private int random(
            OnnxRunner one, OnnxRunner two, RandomInputs inputs, RandomInputs.Distribution distribution, int samples)
            throws IOException {
        RandomInputs drawn = new RandomInputs(SEED, distribution, inputs.maxInteger(), inputs.shapes());
        for (NamedComparison output : Verifier.compareRandom(one, two, drawn, samples, options.tolerance(), done -> {})
                .outputs()) {
            take(output.first(), output.comparison());
        }
        return samples;
    }

    /** The same inputs with another number of samples, where that is free. */
    private static RandomInputs otherBatch(OnnxRunner runner, RandomInputs inputs) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>(inputs.shapes());
        for (ModelInput input : runner.inputs()) {
            List<Long> shape = shapes.get(input.name());
            if (shape != null && !input.shape().isEmpty() && input.shape().get(0) < 0) {
                List<Long> other = new ArrayList<>(shape);
                other.set(0, OTHER_BATCH);
                shapes.put(input.name(), other);
            }
        }
        return new RandomInputs(inputs.seed(), inputs.distribution(), inputs.maxInteger(), shapes);
    }

    /** Whether a model takes such inputs at all: some say that any number of samples will do and take one. */
    private static boolean runs(OnnxRunner model, RandomInputs inputs) throws IOException {
        try {
            model.observe(inputs, new float[0], output -> {});
            return true;
        } catch (MalformedFileException e) {
            return false;
        }
    }

    /** Standard normal samples, but what the assumptions say where they say it. */
    private int assumed(List<Assumption> assumptions) throws IOException {
        int width = options.calibration().map(Calibration::width).orElseThrow();
        SplittableRandom random = new SplittableRandom(SplitMix64.bits(SEED, 0, 0, 0));
        int count = options.samples() * RandomInputs.Distribution.values().length;
        float[] samples = new float[Math.multiplyExact(count, width)];
        for (int k = 0; k < samples.length; k++) {
            samples[k] = (float) random.nextGaussian();
        }
        for (Assumption assumption : assumptions) {
            for (int feature : assumption.features()) {
                for (int sample = 0; sample < count; sample++) {
                    samples[sample * width + feature] = assumption.value();
                }
            }
        }
        samples(samples, width);
        return count;
    }

    private void samples(float[] samples, int width) throws IOException {
        try (OnnxScorer one = OnnxScorer.of(name, first, options.threads());
                OnnxScorer two = OnnxScorer.of(name + " (smaller)", second, options.threads())) {
            take("", Verifier.compareOutputs(one, two, samples, width, BATCH, options.tolerance()));
        }
    }

    private void take(String output, OutputComparison found) throws UnequalOutputsException {
        maxAbs = Math.max(maxAbs, found.maxAbsDifference());
        maxRelative = Math.max(maxRelative, found.maxRelativeDifference());
        if (!found.within()) {
            throw new UnequalOutputsException(name + ": without its dead units the model gives other outputs"
                    + (output.isEmpty() ? "" : " '" + output + "'") + ": they differ by "
                    + found.maxRelativeDifference() + " of the largest, more than " + found.tolerance()
                    + "; nothing was written");
        }
    }
}
