package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;

/**
 * The kernel in plain Java, for every JVM. Its passes are simple loops over arrays, which C2 turns into vector code where
 * it can; the values are those of {@link FastNormal}, operation by operation.
 */
public final class ScalarKernel implements FillKernel {

    /** The only one that is needed. */
    public static final ScalarKernel INSTANCE = new ScalarKernel();

    /** H(0): the hash of the last index of a word. */
    public static final long HASH_0 = SplitMix64.hash(0);
    /** H(1): the hash of the last index of a word. */
    public static final long HASH_1 = SplitMix64.hash(1);

    private static final double LOWER = 1 - FastNormal.RELATIVE_ERROR;
    private static final double UPPER = 1 + FastNormal.RELATIVE_ERROR;

    private ScalarKernel() {}

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public int vectorBits() {
        return 0;
    }

    @Override
    public void hashIndices(long from, long[] hashed, int count) {
        for (int k = 0; k < count; k++) {
            hashed[k] = SplitMix64.hash(from + k);
        }
    }

    @Override
    public void address(long prefix, long[] hashed, int from, long[] words, int at, int count) {
        for (int k = 0; k < count; k++) {
            words[at + k] = SplitMix64.hash(prefix ^ hashed[from + k]);
        }
    }

    @Override
    public void normal(Scratch scratch, int count, double std, float[] out, int at) {
        split(scratch.words, scratch.radius, scratch.exponent, scratch.angle, count);
        logarithm(scratch.radius, scratch.exponent, count);
        multiply(scratch.radius, scratch.angle, std, count);
        round(scratch.words, scratch.radius, std, out, at, count);
    }

    /** Hashes, and takes u1 apart: mantissas in [sqrt(1/2), sqrt(2)), exponents, and the angle's distance from a zero. */
    private static void split(long[] words, double[] mantissas, double[] exponents, double[] turns, int count) {
        for (int k = 0; k < count; k++) {
            long bits0 = SplitMix64.hash(words[k] ^ HASH_0);
            long bits1 = SplitMix64.hash(words[k] ^ HASH_1);
            long u = Double.doubleToRawLongBits(((bits0 >>> 11) + 1) * FastNormal.UNIT);
            long offset = u - FastNormal.SQRT_HALF_BITS;
            exponents[k] = offset >> 52;
            mantissas[k] = Double.longBitsToDouble(u - (offset & 0xFFF0000000000000L));
            turns[k] = Math.abs((bits1 >>> 11) * FastNormal.UNIT - 0.5) - 0.25;
        }
    }

    private static void logarithm(double[] mantissas, double[] exponents, int count) {
        for (int k = 0; k < count; k++) {
            mantissas[k] = FastNormal.ln(mantissas[k], exponents[k]);
        }
    }

    private static void multiply(double[] logarithms, double[] turns, double std, int count) {
        for (int k = 0; k < count; k++) {
            logarithms[k] = std * (Math.sqrt(-2 * logarithms[k]) * FastNormal.sinTurns(turns[k]));
        }
    }

    private static void round(long[] words, double[] weights, double std, float[] out, int at, int count) {
        for (int k = 0; k < count; k++) {
            float low = (float) (weights[k] * LOWER);
            float high = (float) (weights[k] * UPPER);
            out[at + k] = low == high && low != 0 ? low : exact(words[k], std);
        }
    }

    private static float exact(long word, double std) {
        return ExactNormal.toFloat(SplitMix64.hash(word ^ HASH_0), SplitMix64.hash(word ^ HASH_1), std);
    }

    @Override
    public void uniform(Scratch scratch, int count, double bound, float[] out, int at) {
        for (int k = 0; k < count; k++) {
            out[at + k] = ExactUniform.toFloat(SplitMix64.hash(scratch.words[k] ^ HASH_0), bound);
        }
    }
}
