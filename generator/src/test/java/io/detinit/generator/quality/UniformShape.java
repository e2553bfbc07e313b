package io.detinit.generator.quality;

import java.util.List;

/** The distribution of uniform weights on [-1, 1]: cells alone and in pairs, Legendre polynomials as moments, KS over cells. */
final class UniformShape {

    private static final int CELLS = 4096;
    private static final int PAIR_CELLS = 64;

    private final String order;
    private final long[] cells = new long[CELLS];
    private final long[] pairs = new long[PAIR_CELLS * PAIR_CELLS];
    private double first;
    private double second;
    private long n;

    UniformShape(String order) {
        this.order = order;
    }

    void accept(float[] weights) {
        n += weights.length;
        for (int k = 0; k < weights.length; k += 2) {
            int a = count(weights[k]);
            int b = count(weights[k + 1]);
            pairs[a / (CELLS / PAIR_CELLS) * PAIR_CELLS + b / (CELLS / PAIR_CELLS)]++;
        }
    }

    private int count(double x) {
        int cell = Math.min(CELLS - 1, (int) ((x + 1) * (CELLS / 2)));
        cells[cell]++;
        first += x;
        second += 1.5 * x * x - 0.5;
        return cell;
    }

    List<Result> results() {
        return List.of(
                kolmogorovSmirnov(),
                Chi.uniform(cells).result("weights", order, "uniform: " + CELLS + " cells"),
                Chi.uniform(pairs).result("weights", order, "uniform: pairs, 64 x 64 cells"),
                Result.normal("weights", order, "uniform: mean", first * Math.sqrt(3.0 / n)),
                Result.normal("weights", order, "uniform: variance", second * Math.sqrt(5.0 / n)));
    }

    /** Distance at the boundaries of the cells, hence a little conservative. */
    private Result kolmogorovSmirnov() {
        double distance = 0;
        long below = 0;
        for (int k = 0; k < CELLS; k++) {
            below += cells[k];
            distance = Math.max(distance, Math.abs((double) below / n - (k + 1.0) / CELLS));
        }
        double p = Distributions.kolmogorovUpper(distance * Math.sqrt(n));
        return new Result("weights", order, "uniform: KS", distance, p);
    }
}
