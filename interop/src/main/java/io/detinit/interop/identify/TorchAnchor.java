package io.detinit.interop.identify;

import java.io.Serializable;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Weights laid out on the stream as if their tensors had been drawn at given distances from one another: what is slid along a stream
 * to find where it fits.
 *
 * <p>A weight's place says which draw makes it, and its kind which of the signals of that draw ({@link TorchSignal}).
 */
final class TorchAnchor implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The draws that an anchor covers at most. */
    static final int LONGEST = 1 << 13;

    private static final int BLOCK = 16;
    private static final int HALF = BLOCK / 2;

    private final float[] uniform = new float[LONGEST];
    private final float[] wide = new float[LONGEST];
    private final float[] cosine = new float[LONGEST];
    private final float[] sine = new float[LONGEST];
    private final EnumSet<Part> parts = EnumSet.noneOf(Part.class);
    private double squares;
    private int weights;

    /** Puts the weights of a uniform tensor from a place on; those beyond the end are left out. */
    void addUniform(long place, float[] evidence) {
        int count = fitting(place, evidence.length);
        for (int k = 0; k < count; k++) {
            put(uniform, (int) place + k, evidence[k]);
        }
        note(count, Part.UNIFORM);
    }

    /** Puts the weights of a uniform float64 tensor, two draws each, from a place on; those beyond the end are left out. */
    void addWideUniform(long place, float[] evidence) {
        int count = Math.min(evidence.length, fitting(place, 2 * evidence.length) / 2);
        for (int k = 0; k < count; k++) {
            put(wide, (int) place + 2 * k, evidence[k]);
        }
        note(count, Part.WIDE_UNIFORM);
    }

    private void note(int count, Part part) {
        if (count > 0) {
            parts.add(part);
        }
    }

    /**
     * Puts the weights of a normal tensor from a place on; those beyond the end are left out, as are the last sixteen of a
     * size that 16 does not divide, which are drawn elsewhere.
     *
     * @param elements the tensor's size, of which the evidence may be the beginning
     */
    void addNormal(long place, float[] evidence, long elements) {
        if (elements < BLOCK) {
            return;
        }
        long usable = elements % BLOCK == 0 ? elements : elements - BLOCK;
        int count = fitting(place, (int) Math.min(evidence.length, usable));
        for (int k = 0; k < count; k++) {
            if (k % BLOCK < HALF) {
                put(cosine, (int) place + k, evidence[k]);
            } else {
                put(sine, (int) place + k - HALF, evidence[k]);
            }
        }
        note(count, Part.COSINE);
        note(count, Part.SINE);
    }

    private static int fitting(long place, int length) {
        return (int) Math.max(0, Math.min(length, LONGEST - place));
    }

    private void put(float[] into, int place, float weight) {
        into[place] = weight;
        squares += (double) weight * weight;
        weights += weight == 0 ? 0 : 1;
    }

    /** How many weights it has that are not 0. */
    int weights() {
        return weights;
    }

    /** The signals that it has weights for. */
    Set<Part> parts() {
        return parts;
    }

    /** The length of the vector of its weights: a correlation divided by it is z. */
    double norm() {
        return Math.sqrt(squares);
    }

    /** The cosine between its weights and the values of the draws under them, at a position of a stretch; in [-1, 1]. */
    double cosine(int[] draws, int position) {
        int[] under = Arrays.copyOfRange(draws, position, position + LONGEST + TorchSignal.AHEAD);
        float[] values = new float[LONGEST];
        float[] sines = new float[LONGEST];
        double[] sums = new double[2];
        TorchSignal.uniforms(under, values);
        add(sums, uniform, values);
        TorchSignal.wideUniforms(under, values);
        add(sums, wide, values);
        TorchSignal.normals(under, values, sines);
        add(sums, cosine, values);
        add(sums, sine, sines);
        return sums[1] == 0 ? 0 : sums[0] / Math.sqrt(squares * sums[1]);
    }

    private static void add(double[] sums, float[] weights, float[] values) {
        for (int k = 0; k < weights.length; k++) {
            if (weights[k] != 0) {
                sums[0] += (double) weights[k] * values[k];
                sums[1] += (double) values[k] * values[k];
            }
        }
    }

    /** The spectrum of one of its signals, for a transform of that size. */
    Spectrum spectrum(TorchFourier fourier, int size, Part part) {
        float[] re = Arrays.copyOf(
                switch (part) {
                    case UNIFORM -> uniform;
                    case WIDE_UNIFORM -> wide;
                    case COSINE -> cosine;
                    case SINE -> sine;
                },
                size);
        float[] im = new float[size];
        fourier.forward(re, im);
        return new Spectrum(re, im);
    }

    /** One of the signals. */
    enum Part {
        UNIFORM,
        WIDE_UNIFORM,
        COSINE,
        SINE
    }

    /** A spectrum in digit-reversed order. */
    static final class Spectrum {
        private final float[] re;
        private final float[] im;

        Spectrum(float[] re, float[] im) {
            this.re = re;
            this.im = im;
        }

        /** Adds the product of a signal's spectrum with the conjugate of this. */
        void addProduct(float[] signalRe, float[] signalIm, float[] sumRe, float[] sumIm) {
            for (int k = 0; k < sumRe.length; k++) {
                sumRe[k] += signalRe[k] * re[k] + signalIm[k] * im[k];
                sumIm[k] += signalIm[k] * re[k] - signalRe[k] * im[k];
            }
        }
    }
}
