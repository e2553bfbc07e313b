package io.detinit.generator.quality;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Spectra of independent matrices of one shape, against which others are ranked. */
final class SpectrumReference {

    private final int n;
    private final int m;
    private final MarchenkoPastur law;

    /** By statistic, ascending. */
    private final double[][] sorted;

    private SpectrumReference(int n, int m, double[][] sorted) {
        this.n = n;
        this.m = m;
        this.law = new MarchenkoPastur((double) n / m);
        this.sorted = sorted;
    }

    /** The generator of the references: not the tested one. */
    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /** A reference by simulation. */
    static SpectrumReference simulate(int n, int m, int replicates) {
        double[][] values = new double[Spectrum.names().length][replicates];
        SpectrumReference empty = new SpectrumReference(n, m, values);
        RandomGenerator random = random(1000L * n + m);
        for (int k = 0; k < replicates; k++) {
            double[] one = empty.spectrum(Wishart.bidiagonal(random, n, m)).values();
            for (int s = 0; s < one.length; s++) {
                values[s][k] = one[s];
            }
        }
        for (double[] column : values) {
            Arrays.sort(column);
        }
        return empty;
    }

    int rows() {
        return n;
    }

    int cols() {
        return m;
    }

    Spectrum spectrum(double[] eigenvalues) {
        return Spectrum.of(eigenvalues, law, m);
    }

    /**
     * A standard normal statistic of some values: their ranks in the reference as normal scores (van der Waerden), summed; the
     * finite reference widens the variance by 1 + values / replicates.
     */
    double score(int statistic, double[] values) {
        double[] reference = sorted[statistic];
        double sum = 0;
        for (double value : values) {
            int at = Arrays.binarySearch(reference, value);
            double rank = at < 0 ? -at - 1 : at + 0.5;
            sum += Distributions.normalQuantile((rank + 0.5) / (reference.length + 1));
        }
        return sum / Math.sqrt(values.length * (1 + (double) values.length / reference.length));
    }
}
