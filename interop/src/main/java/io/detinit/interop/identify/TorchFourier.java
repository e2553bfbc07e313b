package io.detinit.interop.identify;

/**
 * The discrete Fourier transform of complex float32 sequences whose length is a power of 4, in place: radix 4, decimation in
 * frequency forwards and in time backwards, so that a spectrum lies in digit-reversed order and nothing is ever sorted.
 *
 * <p>Immutable; safe for use by many threads.
 */
final class TorchFourier {

    private final int size;
    private final float[][] cosines;
    private final float[][] sines;

    TorchFourier(int size) {
        if (size < 4 || Integer.bitCount(size) != 1 || Integer.numberOfTrailingZeros(size) % 2 != 0) {
            throw new IllegalArgumentException(size + " is not a power of 4");
        }
        this.size = size;
        int passes = Integer.numberOfTrailingZeros(size) / 2;
        cosines = new float[passes][];
        sines = new float[passes][];
        for (int pass = 0, length = size; pass < passes; pass++, length /= 4) {
            int quarter = length / 4;
            cosines[pass] = new float[3 * quarter];
            sines[pass] = new float[3 * quarter];
            for (int k = 0; k < 3 * quarter; k++) {
                double angle = -2 * Math.PI * (k % quarter) * (k / quarter + 1) / length;
                cosines[pass][k] = (float) Math.cos(angle);
                sines[pass][k] = (float) Math.sin(angle);
            }
        }
    }

    /** Sequence to spectrum: sum over k of x[k] exp(-2 pi i j k / n), in digit-reversed order. */
    void forward(float[] re, float[] im) {
        for (int pass = 0, length = size; length >= 4; pass++, length /= 4) {
            for (int block = 0; block < size; block += length) {
                forward(re, im, block, length / 4, cosines[pass], sines[pass]);
            }
        }
    }

    /** Spectrum in digit-reversed order to sequence, times the size. */
    void inverse(float[] re, float[] im) {
        for (int pass = cosines.length - 1, length = 4; length <= size; pass--, length *= 4) {
            for (int block = 0; block < size; block += length) {
                inverse(re, im, block, length / 4, cosines[pass], sines[pass]);
            }
        }
    }

    private static void forward(float[] re, float[] im, int b, int q, float[] cos, float[] sin) {
        for (int j = 0; j < q; j++) {
            float evenRe = re[b + j] + re[b + 2 * q + j];
            float evenIm = im[b + j] + im[b + 2 * q + j];
            float apartRe = re[b + j] - re[b + 2 * q + j];
            float apartIm = im[b + j] - im[b + 2 * q + j];
            float oddRe = re[b + q + j] + re[b + 3 * q + j];
            float oddIm = im[b + q + j] + im[b + 3 * q + j];
            float turnedRe = im[b + q + j] - im[b + 3 * q + j];
            float turnedIm = re[b + 3 * q + j] - re[b + q + j];
            re[b + j] = evenRe + oddRe;
            im[b + j] = evenIm + oddIm;
            float oneRe = apartRe + turnedRe;
            float oneIm = apartIm + turnedIm;
            float twoRe = evenRe - oddRe;
            float twoIm = evenIm - oddIm;
            float threeRe = apartRe - turnedRe;
            float threeIm = apartIm - turnedIm;
            re[b + q + j] = oneRe * cos[j] - oneIm * sin[j];
            im[b + q + j] = oneRe * sin[j] + oneIm * cos[j];
            re[b + 2 * q + j] = twoRe * cos[q + j] - twoIm * sin[q + j];
            im[b + 2 * q + j] = twoRe * sin[q + j] + twoIm * cos[q + j];
            re[b + 3 * q + j] = threeRe * cos[2 * q + j] - threeIm * sin[2 * q + j];
            im[b + 3 * q + j] = threeRe * sin[2 * q + j] + threeIm * cos[2 * q + j];
        }
    }

    private static void inverse(float[] re, float[] im, int b, int q, float[] cos, float[] sin) {
        for (int j = 0; j < q; j++) {
            float zeroRe = re[b + j];
            float zeroIm = im[b + j];
            float oneRe = re[b + q + j] * cos[j] + im[b + q + j] * sin[j];
            float oneIm = im[b + q + j] * cos[j] - re[b + q + j] * sin[j];
            float twoRe = re[b + 2 * q + j] * cos[q + j] + im[b + 2 * q + j] * sin[q + j];
            float twoIm = im[b + 2 * q + j] * cos[q + j] - re[b + 2 * q + j] * sin[q + j];
            float threeRe = re[b + 3 * q + j] * cos[2 * q + j] + im[b + 3 * q + j] * sin[2 * q + j];
            float threeIm = im[b + 3 * q + j] * cos[2 * q + j] - re[b + 3 * q + j] * sin[2 * q + j];
            float evenRe = zeroRe + twoRe;
            float evenIm = zeroIm + twoIm;
            float apartRe = zeroRe - twoRe;
            float apartIm = zeroIm - twoIm;
            float oddRe = oneRe + threeRe;
            float oddIm = oneIm + threeIm;
            float turnedRe = threeIm - oneIm;
            float turnedIm = oneRe - threeRe;
            re[b + j] = evenRe + oddRe;
            im[b + j] = evenIm + oddIm;
            re[b + q + j] = apartRe + turnedRe;
            im[b + q + j] = apartIm + turnedIm;
            re[b + 2 * q + j] = evenRe - oddRe;
            im[b + 2 * q + j] = evenIm - oddIm;
            re[b + 3 * q + j] = apartRe - turnedRe;
            im[b + 3 * q + j] = apartIm - turnedIm;
        }
    }
}
