package io.detinit.generator.quality;

import java.util.Arrays;
import java.util.List;

/** The distribution of normal weights: KS, Anderson-Darling, equiprobable cells alone and in pairs, moments, tails. */
final class NormalShape {

    private static final int CELLS = 4096;
    private static final int PAIR_CELLS = 64;
    private static final double[] BOUNDARIES = boundaries();

    /** Upper limit of the sample that is sorted. */
    private static final int SORTED = 1 << 24;

    private final String order;
    private final float[] sorted;
    private int kept;
    private final long[] cells = new long[CELLS];
    private final long[] pairs = new long[PAIR_CELLS * PAIR_CELLS];
    private final double[] hermite = new double[5];
    private long n;
    private long beyond4;
    private long beyond5;

    NormalShape(String order, long weights) {
        this.order = order;
        this.sorted = new float[(int) Math.min(SORTED, weights)];
    }

    private static double[] boundaries() {
        double[] boundaries = new double[CELLS - 1];
        Arrays.setAll(boundaries, k -> Distributions.normalQuantile((k + 1.0) / CELLS));
        return boundaries;
    }

    void accept(float[] weights) {
        int take = Math.min(weights.length, sorted.length - kept);
        System.arraycopy(weights, 0, sorted, kept, take);
        kept += take;
        n += weights.length;
        int last = 0;
        for (int k = 0; k < weights.length; k++) {
            int cell = cell(weights[k]);
            cells[cell]++;
            if (k % 2 == 1) {
                pairs[last / (CELLS / PAIR_CELLS) * PAIR_CELLS + cell / (CELLS / PAIR_CELLS)]++;
            }
            last = cell;
        }
        moments(weights);
    }

    private static int cell(double z) {
        int at = Arrays.binarySearch(BOUNDARIES, z);
        return at < 0 ? -at - 1 : at + 1;
    }

    /** Sums of the Hermite polynomials He_1 to He_4: uncorrelated, of variance k!. */
    private void moments(float[] weights) {
        double h1 = 0;
        double h2 = 0;
        double h3 = 0;
        double h4 = 0;
        for (double z : weights) {
            double square = z * z;
            h1 += z;
            h2 += square - 1;
            h3 += (square - 3) * z;
            h4 += square * square - 6 * square + 3;
            beyond4 += square > 16 ? 1 : 0;
            beyond5 += square > 25 ? 1 : 0;
        }
        hermite[1] += h1;
        hermite[2] += h2;
        hermite[3] += h3;
        hermite[4] += h4;
    }

    List<Result> results() {
        Arrays.sort(sorted, 0, kept);
        return List.of(
                kolmogorovSmirnov(),
                andersonDarling(),
                Chi.uniform(cells).result("weights", order, CELLS + " cells"),
                Chi.uniform(pairs).result("weights", order, "pairs, 64 x 64 cells"),
                moment(1, "mean"),
                moment(2, "variance"),
                moment(3, "third moment"),
                moment(4, "fourth moment"),
                tail(beyond4, 4, "beyond 4 sigma"),
                tail(beyond5, 5, "beyond 5 sigma"));
    }

    private Result kolmogorovSmirnov() {
        double distance = 0;
        for (int k = 0; k < kept; k++) {
            double cdf = Distributions.normalCdf(sorted[k]);
            distance = Math.max(distance, Math.max(cdf - (double) k / kept, (k + 1.0) / kept - cdf));
        }
        return new Result("weights", order, "KS", distance, Distributions.kolmogorovP(distance, kept));
    }

    private Result andersonDarling() {
        double sum = 0;
        for (int k = 0; k < kept; k++) {
            double weight = (2 * k + 1.0) / kept;
            sum += weight * Math.log(Distributions.normalCdf(sorted[k]));
            sum += (2 - weight) * Math.log(Distributions.normalCdf(-sorted[k]));
        }
        double statistic = -kept - sum;
        return new Result(
                "weights", order, "Anderson-Darling", statistic, Distributions.andersonDarlingUpper(statistic));
    }

    private Result moment(int k, String name) {
        double variance = Math.exp(Distributions.logGamma(k + 1.0));
        return Result.normal("weights", order, name, hermite[k] / Math.sqrt(n * variance));
    }

    private Result tail(long count, double sigma, String name) {
        return new Result(
                "weights", order, name, count, Distributions.poissonP(count, n * Distributions.normalP(sigma)));
    }
}
