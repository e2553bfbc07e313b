package io.detinit.generator.quality;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Singular values of matrices of normal weights against those of independent normals. */
final class Spectra {

    private static final int N = 1000;

    /** Shape and replicates of the check of the reference itself. */
    private static final int SMALL = 100;

    private static final int SMALL_REPLICATES = 10_000;
    private static final int SMALL_DENSE = 500;

    private final SpectrumReference square;
    private final SpectrumReference wide;

    /** Simulates the references. */
    Spectra(int replicates) {
        square = SpectrumReference.simulate(N, N, replicates);
        wide = SpectrumReference.simulate(N, 2 * N, replicates);
    }

    /** Writes matrix number t, row-major. */
    private interface Matrices {
        void fill(int t, float[] destination);
    }

    /** Checks the reference by matrices that are drawn as a whole, from the same independent generator. */
    static List<Result> checkReference() {
        SpectrumReference reference = SpectrumReference.simulate(SMALL, 2 * SMALL, SMALL_REPLICATES);
        RandomGenerator random = SpectrumReference.random(7);
        double[][] values = new double[Spectrum.names().length][SMALL_DENSE];
        for (int t = 0; t < SMALL_DENSE; t++) {
            double[] one =
                    reference.spectrum(Wishart.dense(random, SMALL, 2 * SMALL)).values();
            for (int s = 0; s < one.length; s++) {
                values[s][t] = one[s];
            }
        }
        return scores("reference itself, 100 x 200", reference, values);
    }

    /**
     * Tests a source.
     *
     * @param matrices of each kind
     */
    List<Result> run(Source source, int matrices) {
        List<Result> results = new ArrayList<>();
        int[] inside = new int[1];
        results.addAll(kind(
                "tensor, 1000 x 1000",
                square,
                matrices,
                inside,
                (t, z) -> source.weights(WeightSuite.NORMAL, Orders.SEED, t, N, N, 0, z, 0, N * N)));
        results.addAll(kind(
                "tensor, 1000 x 2000",
                wide,
                matrices,
                inside,
                (t, z) -> source.weights(WeightSuite.NORMAL, Orders.SEED, t, N, 2 * N, 0, z, 0, 2 * N * N)));
        results.addAll(kind("1000 layers x 2000 weights", wide, matrices, inside, (t, z) -> {
            for (int row = 0; row < N; row++) {
                source.weights(WeightSuite.NORMAL, Orders.SEED, t * N + row, 40, 50, 0, z, row * 2 * N, 2 * N);
            }
        }));
        results.addAll(kind("1000 seeds x 2000 weights", wide, matrices, inside, (t, z) -> {
            for (int row = 0; row < N; row++) {
                source.weights(WeightSuite.NORMAL, t * N + row, 0, 40, 50, 0, z, row * 2 * N, 2 * N);
            }
        }));
        results.add(new Result(
                "spectrum",
                "all " + 4 * matrices + " matrices",
                "largest inside the 90 % interval of Tracy-Widom",
                inside[0],
                Distributions.binomialP(inside[0], 4 * matrices, 0.9)));
        return results;
    }

    private static List<Result> kind(
            String name, SpectrumReference reference, int matrices, int[] inside, Matrices kind) {
        int n = reference.rows();
        int m = reference.cols();
        float[] z = new float[n * m];
        double[][] values = new double[Spectrum.names().length][matrices];
        for (int t = 0; t < matrices; t++) {
            kind.fill(t, z);
            double[][] x = new double[n][m];
            for (int k = 0; k < z.length; k++) {
                x[k / m][k % m] = z[k];
            }
            Spectrum spectrum = reference.spectrum(SymmetricEigenvalues.of(Wishart.gram(x)));
            double[] one = spectrum.values();
            for (int s = 0; s < one.length; s++) {
                values[s][t] = one[s];
            }
            boolean in =
                    spectrum.largest() > Spectrum.TRACY_WIDOM_LOW && spectrum.largest() < Spectrum.TRACY_WIDOM_HIGH;
            inside[0] += in ? 1 : 0;
        }
        return scores(name, reference, values);
    }

    private static List<Result> scores(String name, SpectrumReference reference, double[][] values) {
        List<Result> results = new ArrayList<>();
        for (int s = 0; s < values.length; s++) {
            results.add(Result.normal("spectrum", name, Spectrum.names()[s], reference.score(s, values[s])));
        }
        return results;
    }
}
