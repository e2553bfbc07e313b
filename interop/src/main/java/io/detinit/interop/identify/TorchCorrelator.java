package io.detinit.interop.identify;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * Slides anchors along two stretches of draws at once: one is the real part of what is transformed, the other the imaginary
 * part.
 *
 * <p>Not thread-safe; each thread has its own.
 */
final class TorchCorrelator {

    /** The length of a transform. */
    static final int SIZE = 1 << 14;

    /** The positions that one stretch gives. */
    static final int POSITIONS = SIZE - TorchAnchor.LONGEST;

    /** The draws of a stretch. */
    static final int DRAWS = SIZE + TorchSignal.AHEAD;

    static final TorchFourier FOURIER = new TorchFourier(SIZE);

    private final Signals signals = new Signals();
    private final float[] sumRe = new float[SIZE];
    private final float[] sumIm = new float[SIZE];

    /** The spectra of the two stretches. */
    static final class Signals {
        private final Map<TorchAnchor.Part, float[]> re = new EnumMap<>(TorchAnchor.Part.class);
        private final Map<TorchAnchor.Part, float[]> im = new EnumMap<>(TorchAnchor.Part.class);

        float[] re(TorchAnchor.Part part) {
            return re.computeIfAbsent(part, key -> new float[SIZE]);
        }

        float[] im(TorchAnchor.Part part) {
            return im.computeIfAbsent(part, key -> new float[SIZE]);
        }

        private void transform(TorchAnchor.Part part) {
            FOURIER.forward(re(part), im(part));
        }
    }

    /**
     * Where an anchor fits best on either stretch.
     *
     * @param first the position on the first one
     * @param firstZ the correlation there times the root of the number of weights
     * @param second the position on the second one
     * @param secondZ the same there
     */
    record Best(int first, double firstZ, int second, double secondZ) {}

    /** Takes two stretches of {@value #DRAWS} draws, and makes of them the signals that probes need. */
    void load(int[] first, int[] second, Set<TorchAnchor.Part> parts) {
        if (parts.contains(TorchAnchor.Part.UNIFORM)) {
            TorchSignal.uniforms(first, signals.re(TorchAnchor.Part.UNIFORM));
            TorchSignal.uniforms(second, signals.im(TorchAnchor.Part.UNIFORM));
            signals.transform(TorchAnchor.Part.UNIFORM);
        }
        if (parts.contains(TorchAnchor.Part.WIDE_UNIFORM)) {
            TorchSignal.wideUniforms(first, signals.re(TorchAnchor.Part.WIDE_UNIFORM));
            TorchSignal.wideUniforms(second, signals.im(TorchAnchor.Part.WIDE_UNIFORM));
            signals.transform(TorchAnchor.Part.WIDE_UNIFORM);
        }
        if (parts.contains(TorchAnchor.Part.COSINE)) {
            TorchSignal.normals(first, signals.re(TorchAnchor.Part.COSINE), signals.re(TorchAnchor.Part.SINE));
            TorchSignal.normals(second, signals.im(TorchAnchor.Part.COSINE), signals.im(TorchAnchor.Part.SINE));
            signals.transform(TorchAnchor.Part.COSINE);
            signals.transform(TorchAnchor.Part.SINE);
        }
    }

    /** Slides an anchor along both stretches. */
    Best slide(TorchProbe probe) {
        Arrays.fill(sumRe, 0);
        Arrays.fill(sumIm, 0);
        probe.addProducts(signals, sumRe, sumIm);
        FOURIER.inverse(sumRe, sumIm);
        double scale = 1 / (SIZE * probe.norm());
        int first = highest(sumRe);
        int second = highest(sumIm);
        return new Best(first, sumRe[first] * scale, second, sumIm[second] * scale);
    }

    private static int highest(float[] sums) {
        int highest = 0;
        for (int k = 1; k < POSITIONS; k++) {
            if (sums[k] > sums[highest]) {
                highest = k;
            }
        }
        return highest;
    }
}
