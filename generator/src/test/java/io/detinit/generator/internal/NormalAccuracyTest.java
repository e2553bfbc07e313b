package io.detinit.generator.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.vector.FusedNormal;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/**
 * The fast path against double-double, and double-double against decimal arithmetic of 60 digits, on seeded words and on the worst
 * cases. The seed is printed and can be set with {@code -Ddetinit.test.seed}.
 */
class NormalAccuracyTest {

    private static final long SEED = Long.getLong("detinit.test.seed", 20_261_123);

    private record Words(long bits0, long bits1) {}

    private static Words random(long k) {
        return new Words(SplitMix64.bits(SEED, k, 0), SplitMix64.bits(SEED, k, 1));
    }

    /** u1 next to 0 and 1 and around sqrt(1/2); u2 next to 0, 1/4, 1/2, 3/4 and 1. */
    private static List<Words> worstCases() {
        List<Long> firsts = new ArrayList<>();
        List<Long> seconds = new ArrayList<>();
        long top = (1L << 53) - 1;
        for (long step : new long[] {0, 1, 2, 3, 5, 100, 1L << 20, 1L << 40}) {
            firsts.add(step);
            firsts.add(top - step);
            firsts.add((long) (Math.sqrt(0.5) * 0x1p53) + step);
            firsts.add((long) (Math.sqrt(0.5) * 0x1p53) - step);
            for (long centre : new long[] {0, 1L << 51, 1L << 52, 3L << 51, top}) {
                seconds.add(Math.max(0, Math.min(top, centre + step)));
                seconds.add(Math.max(0, Math.min(top, centre - step)));
            }
        }
        List<Words> words = new ArrayList<>();
        for (long first : firsts) {
            for (long second : seconds) {
                words.add(new Words(first << 11, second << 11));
            }
        }
        return words;
    }

    /** How far a formula's z is from the truth, relative to it. */
    private static double error(Words w, ToDoubleFunction<Words> formula) {
        double fast = formula.applyAsDouble(w);
        if (ExactNormal.isZero(w.bits0(), w.bits1())) {
            assertEquals(0.0, Math.abs(fast));
            return 0;
        }
        DoubleDouble exact = ExactNormal.doubleDouble(w.bits0(), w.bits1(), 1.0);
        return Math.abs(((fast - exact.hi()) - exact.lo()) / exact.hi());
    }

    private static double largestError(String name, ToDoubleFunction<Words> formula) {
        double worst = 0;
        for (Words words : worstCases()) {
            worst = Math.max(worst, error(words, formula));
        }
        for (long k = 0; k < 1_000_000; k++) {
            worst = Math.max(worst, error(random(k), formula));
        }
        double log2 = Math.log(worst) / Math.log(2);
        System.getLogger(NormalAccuracyTest.class.getName())
                .log(System.Logger.Level.INFO, "seed {0}: largest relative error, {1}: 2^{2}", SEED, name, log2);
        return worst;
    }

    @Test
    void fastPathKeepsItsBound() {
        double worst = largestError("scalar", w -> FastNormal.scaled(w.bits0(), w.bits1(), 1.0));
        assertTrue(worst < FastNormal.RELATIVE_ERROR / 8, worst + " leaves no margin below 2^-46");
    }

    @Test
    void fusedFormulaKeepsItsBound() {
        double worst = largestError("vector", w -> FusedNormal.z(w.bits0(), w.bits1()));
        assertTrue(worst < 0x1p-42 * 0.6, worst + " leaves no margin below 2^-42");
        assertTrue(worst > 0x1p-42 * 0.3, worst + " is less than the polynomials' own error");
    }

    @Test
    void doubleDoubleKeepsItsBound() {
        List<Words> words = worstCases();
        for (long k = 0; k < 2_000; k++) {
            words.add(random(k));
        }
        BigDecimal bound = new BigDecimal(0x1p-95);
        for (Words w : words) {
            if (ExactNormal.isZero(w.bits0(), w.bits1())) {
                assertEquals(0, WideNormal.value(w.bits0(), w.bits1(), 0.7, 60).signum());
                continue;
            }
            DoubleDouble fast = ExactNormal.doubleDouble(w.bits0(), w.bits1(), 0.7);
            BigDecimal exact = WideNormal.value(w.bits0(), w.bits1(), 0.7, 60);
            BigDecimal error = new BigDecimal(fast.hi())
                    .add(new BigDecimal(fast.lo()))
                    .subtract(exact)
                    .abs();
            assertTrue(
                    error.compareTo(exact.abs().multiply(bound)) < 0,
                    () -> w + ": relative error " + error.divide(exact.abs(), MathContext.DECIMAL32));
        }
    }

    @Test
    void allPathsGiveTheSameFloat() {
        int slow = 0;
        for (long k = 0; k < 3_000_000; k++) {
            Words w = random(k);
            if (FastNormal.needsSlowPath(w.bits0(), w.bits1(), 0.05)) {
                slow++;
                assertEquals(
                        bits(WideNormal.toFloat(w.bits0(), w.bits1(), 0.05)),
                        bits(FastNormal.weight(w.bits0(), w.bits1(), 0.05)));
            }
        }
        // about 2^-21.5 of all words: of 3 million 1.0 are expected; more than 30 would be a broken bound (p < 1e-30)
        assertTrue(slow <= 30, slow + " of 3 million needed the slow path");
        for (Words w : worstCases()) {
            check(w, 0.05);
        }
        for (long k = 0; k < 1_000; k++) {
            check(random(k), 1.0);
        }
    }

    private static void check(Words w, double std) {
        int fast = bits(FastNormal.weight(w.bits0(), w.bits1(), std));
        assertEquals(bits(ExactNormal.toFloat(w.bits0(), w.bits1(), std)), fast, w::toString);
        assertEquals(bits(WideNormal.toFloat(w.bits0(), w.bits1(), std)), fast, w::toString);
        assertEquals(
                WideNormal.toDouble(w.bits0(), w.bits1(), std),
                ExactNormal.toDouble(w.bits0(), w.bits1(), std),
                w::toString);
    }

    @Test
    void extremeScalesAreRoundedRightToo() {
        for (double std : new double[] {1e-38, 1e-44, 3e-46, 1e-60, 1e-310, Double.MIN_VALUE, 1e30, 1e37, 1e300}) {
            for (long k = 0; k < 50; k++) {
                check(random(k), std);
            }
        }
    }

    @Test
    void aZeroIsPositive() {
        long one = -1L; // u1 = 1
        long quarter = 1L << 62; // u2 = 1/4
        assertEquals(0, bits(FastNormal.weight(one, 12345L << 40, 1.0)));
        assertEquals(0, bits(FastNormal.weight(one, -1L, 1.0)));
        assertEquals(0, bits(FastNormal.weight(1L << 60, quarter, 1.0)));
        assertEquals(0, bits(FastNormal.weight(1L << 60, 3 * quarter, 1.0)));
        assertEquals(0, bits(ExactNormal.toFloat(one, -1L, 1.0)));
        assertEquals(0L, Double.doubleToRawLongBits(ExactNormal.toDouble(one, -1L, 1.0)));
    }

    @Test
    void roundToFloatDecidesTiesByTheLowPart() {
        double tie = 1 + 0x1p-24; // half way between 1 and the next float
        assertEquals(1f, ExactNormal.roundToFloat(tie, 0));
        assertEquals(1f, ExactNormal.roundToFloat(tie, -0x1p-80));
        assertEquals(Math.nextUp(1f), ExactNormal.roundToFloat(tie, 0x1p-80));
        assertEquals(-1f, ExactNormal.roundToFloat(-tie, 0x1p-80));
        assertEquals(Math.nextDown(-1f), ExactNormal.roundToFloat(-tie, -0x1p-80));
        double oddTie = 1 + 3 * 0x1p-24; // half way, the even neighbour is above
        assertEquals(1 + 2 * 0x1p-23f, ExactNormal.roundToFloat(oddTie, 0));
        assertEquals(1 + 0x1p-23f, ExactNormal.roundToFloat(oddTie, -0x1p-90));
    }

    @Test
    void uniformIsTheProductRoundedOnce() {
        for (long k = 0; k < 200_000; k++) {
            long bits = SplitMix64.bits(SEED, k);
            BigDecimal factor = BigDecimal.valueOf((bits >>> 11) + 1)
                    .multiply(new BigDecimal(0x1p-52))
                    .subtract(BigDecimal.ONE);
            BigDecimal exact = factor.multiply(new BigDecimal(0.8172635));
            assertEquals(exact.floatValue(), ExactUniform.toFloat(bits, 0.8172635));
        }
        assertEquals(3f, ExactUniform.toFloat(-1L, 3.0), "u1 = 1 gives the bound itself");
        assertTrue(ExactUniform.toFloat(0L, 3.0) >= -3f, "u1 = 2^-53 stays above -bound before rounding");
    }

    private static int bits(float value) {
        return Float.floatToRawIntBits(value);
    }
}
