package io.detinit.generator.quality;

import java.util.ArrayList;
import java.util.List;

/** Whole tensors against each other: other layers, other seeds, exchanged coordinates. */
final class TensorSuite {

    private static final int TENSORS = 64;
    private static final int COLS = 512;

    private TensorSuite() {}

    /** One tensor of a family. */
    private interface Family {
        void fill(int number, float[] destination);
    }

    /**
     * Runs them.
     *
     * @param weights of a tensor
     */
    static List<Result> run(Source source, int weights) {
        int rows = weights / COLS;
        List<Result> results = new ArrayList<>();
        results.add(pairs("64 layers", weights, (number, z) -> weights(source, Orders.SEED, number, rows, COLS, z)));
        results.add(pairs("seeds 0 to 63", weights, (number, z) -> weights(source, number, 0, rows, COLS, z)));
        results.add(transposed(source));
        results.add(exchanged("seed and layer", (a, b, z) -> weights(source, a, b, 64, 64, z)));
        results.add(exchanged(
                "layer and i",
                (a, b, z) -> source.weights(WeightSuite.NORMAL, Orders.SEED, a, 64, 4096, b * 4096L, z, 0, z.length)));
        results.add(exchanged(
                "seed and i",
                (a, b, z) -> source.weights(WeightSuite.NORMAL, a, 0, 64, 4096, b * 4096L, z, 0, z.length)));
        return results;
    }

    private static void weights(Source source, long seed, long layer, int rows, int cols, float[] z) {
        source.weights(WeightSuite.NORMAL, seed, layer, rows, cols, 0, z, 0, rows * cols);
    }

    /** Correlations of all pairs of tensors. */
    private static Result pairs(String name, int weights, Family family) {
        float[][] tensors = new float[TENSORS][weights];
        double squares = 0;
        int pairs = 0;
        for (int b = 0; b < TENSORS; b++) {
            family.fill(b, tensors[b]);
            for (int a = 0; a < b; a++) {
                double dot = SerialCorrelation.dot(tensors[a], tensors[b], 0);
                squares += dot * dot / weights;
                pairs++;
            }
        }
        return Result.chiSquare("tensors", name, "correlation of all pairs", squares, pairs);
    }

    /** Correlation of (i, j) with (j, i) in a square matrix. */
    private static Result transposed(Source source) {
        int n = 2048;
        float[] z = new float[n * n];
        weights(source, Orders.SEED, 0, n, n, z);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                sum += (double) z[i * n + j] * z[j * n + i];
            }
        }
        return Result.normal("tensors", "i and j", "correlation when exchanged", sum / Math.sqrt(n * (n - 1.0) / 2));
    }

    /** 4096 weights that depend on two coordinates. */
    private interface Exchange {
        void fill(int a, int b, float[] destination);
    }

    /** Correlation of the weights of (a, b) with those of (b, a), a < b < 64. */
    private static Result exchanged(String name, Exchange exchange) {
        float[] straight = new float[4096];
        float[] swapped = new float[4096];
        double sum = 0;
        long n = 0;
        for (int b = 0; b < 64; b++) {
            for (int a = 0; a < b; a++) {
                exchange.fill(a, b, straight);
                exchange.fill(b, a, swapped);
                sum += SerialCorrelation.dot(straight, swapped, 0);
                n += straight.length;
            }
        }
        return Result.normal("tensors", name, "correlation when exchanged", sum / Math.sqrt(n));
    }
}
