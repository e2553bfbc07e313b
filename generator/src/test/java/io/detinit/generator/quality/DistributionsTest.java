package io.detinit.generator.quality;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The battery's p-values against mpmath at 40 digits, and its other numerics against closed forms. */
class DistributionsTest {

    private static void assertClose(double expected, double actual, double relative) {
        assertEquals(expected, actual, Math.abs(expected) * relative);
    }

    @ParameterizedTest
    @CsvSource({
        "0.1, 0.887537083981715102",
        "1, 0.157299207050285131",
        "1.3, 0.0659920550593475541",
        "2.5, 0.00040695201744495894",
        "5, 1.53745979442803485e-12",
        "12, 1.35626116920590421e-64",
        "0, 1",
        "-0.7, 1.67780119383741844",
        "-3, 1.99997790950300141"
    })
    void erfc(double x, double expected) {
        assertClose(expected, Distributions.erfc(x), 1e-13);
    }

    @ParameterizedTest
    @CsvSource({
        "0.5, 0.02, 0.15851941887820605, 0.84148058112179395",
        "0.5, 8, 0.99993665751633376, 6.3342483666239843e-5",
        "1, 1, 0.63212055882855768, 0.36787944117144232",
        "2.5, 1, 0.15085496391539036, 0.84914503608460964",
        "32, 45, 0.98221762977825866, 0.017782370221741344",
        "127.5, 90, 0.00011347475638297948, 0.99988652524361702",
        "1024, 1200, 0.99999991217667278, 8.7823327219240864e-8",
        "32767.5, 33500, 0.99997073152325477, 2.9268476745227089e-5",
        "32767.5, 32000, 9.7025163875766775e-6, 0.99999029748361242",
        "5, 60, 1, 5.0600460658425739e-21"
    })
    void incompleteGamma(double a, double x, double lower, double upper) {
        assertClose(lower, Distributions.gammaP(a, x), 1e-9);
        assertClose(upper, Distributions.gammaQ(a, x), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({
        "0.5, 0.572364942924700087",
        "3.25, 0.935801931108725358",
        "15, 25.1912211827386815",
        "64.5, 203.086804835828123",
        "100000, 1051287.70897365689"
    })
    void logGamma(double x, double expected) {
        assertClose(expected, Distributions.logGamma(x), 1e-14);
    }

    @ParameterizedTest
    @CsvSource({
        "0.3, 0.99999069419866543",
        "0.5, 0.96394524366487509",
        "0.8276, 0.49995841656354728",
        "1, 0.26999967167735452",
        "1.2239, 0.099974492711797698",
        "1.3581, 0.049999630431667413",
        "3, 3.0459959489425257e-8"
    })
    void kolmogorov(double t, double expected) {
        assertClose(expected, Distributions.kolmogorovUpper(t), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({
        "0.2, 0.990412547249794",
        "0.7744, 0.499860661214053",
        "1, 0.357266673214019",
        "1.933, 0.0999946232082235",
        "2.4924, 0.0499980160924225",
        "3.8781, 0.0100002821554666",
        "6, 0.000967451941520923",
        "12, 1.71028699932212e-6"
    })
    void andersonDarling(double z, double expected) {
        assertClose(expected, Distributions.andersonDarlingUpper(z), 1e-8);
    }

    @ParameterizedTest
    @CsvSource({
        "1e-6, -4.753424308822899",
        "0.001, -3.0902323061678135",
        "0.025, -1.9599639845400542",
        "0.3, -0.52440051270804082",
        "0.975, 1.9599639845400539"
    })
    void normalQuantile(double p, double expected) {
        assertClose(expected, Distributions.normalQuantile(p), 1e-12);
        assertClose(p, Distributions.normalCdf(expected), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0.367879441171442",
        "3, 8.5, 0.0393923240253316",
        "38, 38.5, 0.95712991408336",
        "1100, 1024, 0.018704606677849",
        "900, 1024, 7.7631956488716e-5"
    })
    void poisson(long count, double mean, double expected) {
        assertClose(expected, Distributions.poissonP(count, mean), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"27, 32, 0.9, 0.305896963011412", "32, 32, 0.9, 0.0343368382029252", "3, 10, 0.5, 0.2265625"})
    void binomial(int count, int n, double probability, double expected) {
        assertClose(expected, Distributions.binomialP(count, n, probability), 1e-11);
    }

    @ParameterizedTest
    @CsvSource({
        "64, 64, 0.952976610952517",
        "120, 64, 5.65993125950883e-5",
        "30, 64, 0.000180623216822209",
        "66500, 65535, 0.00794616320517683"
    })
    void chiSquare(double statistic, double degrees, double expected) {
        assertClose(expected, Distributions.chiSquareP(statistic, degrees), 1e-9);
    }

    /** Cells that expect too little are counted with their neighbours. */
    @Test
    void pooledCells() {
        Chi even = Chi.of(new long[] {500, 500}, new double[] {0.5, 0.5});
        assertEquals(new Chi(0, 1), even);
        Chi rare = Chi.of(new long[] {600, 397, 3}, new double[] {0.5, 0.499, 0.001});
        assertEquals(1, rare.degrees());
        assertClose(2 * 100.0 * 100 / 500, rare.statistic(), 1e-12);
    }

    /** Marsaglia's probabilities of the ranks of large square matrices over GF(2). */
    @Test
    void ranks() {
        assertEquals(0.288788095, BinaryRanks.probability(0), 1e-9);
        assertEquals(0.577576190, BinaryRanks.probability(1), 1e-9);
        assertEquals(0.128350264, BinaryRanks.probability(2), 1e-9);
        long[] rows = new long[64];
        Arrays.setAll(rows, k -> 1L << k);
        assertEquals(64, BinaryRanks.rank(rows));
        Arrays.fill(rows, 5);
        assertEquals(1, BinaryRanks.rank(rows));
    }

    /** The second difference matrix has the eigenvalues 2 - 2 cos(k pi / (n + 1)). */
    @Test
    void eigenvalues() {
        int n = 40;
        double[][] a = new double[n][n];
        double[] expected = new double[n];
        for (int k = 0; k < n; k++) {
            expected[k] = 2 - 2 * Math.cos((k + 1) * Math.PI / (n + 1));
            // Rotated below into a full matrix with the same eigenvalues.
            a[k][k] = 2;
            if (k > 0) {
                a[k][k - 1] = -1;
                a[k - 1][k] = -1;
            }
        }
        for (int k = 0; k < n - 1; k++) {
            rotate(a, k, k + 1);
        }
        assertArrayEquals(expected, SymmetricEigenvalues.of(a), 1e-12);
    }

    /** A similarity by a rotation of 1 radian. */
    private static void rotate(double[][] a, int p, int q) {
        double c = Math.cos(1);
        double s = Math.sin(1);
        for (int k = 0; k < a.length; k++) {
            double x = a[p][k];
            double y = a[q][k];
            a[p][k] = c * x - s * y;
            a[q][k] = s * x + c * y;
        }
        for (double[] row : a) {
            double x = row[p];
            double y = row[q];
            row[p] = c * x - s * y;
            row[q] = s * x + c * y;
        }
    }

    /** The quarter circle at ratio 1: P(x <= 1) = sqrt(3) / (2 pi) + 1 / 3; and the edges of another ratio. */
    @Test
    void marchenkoPastur() {
        assertEquals(Math.sqrt(3) / (2 * Math.PI) + 1 / 3.0, new MarchenkoPastur(1).cdf(1), 1e-8);
        MarchenkoPastur half = new MarchenkoPastur(0.5);
        assertEquals(0, half.cdf(1.5 - Math.sqrt(2)), 1e-12);
        assertEquals(1, half.cdf(1.5 + Math.sqrt(2)), 1e-12);
    }

    /** The known answer of Random123 for counter 0 and key 0. */
    @Test
    void philox() {
        assertEquals(0x16554d9eca36314cL, new Philox().word(0, 0, 0, 0, 0));
    }
}
