package io.detinit.generator.quality;

import io.detinit.generator.SplitMix64;
import java.util.List;

/** Sources with a known defect each, which the battery has to detect. */
final class Controls {

    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final double SPIKE = 2 / Math.sqrt(1000);

    private Controls() {}

    /** A source by a function of the address. */
    private record Words(String name, Function function) implements Source {

        @Override
        public long word(long seed, long layer, long i, long j, long which) {
            return function.word(seed, layer, i, j, which);
        }
    }

    /** A word of an address. */
    private interface Function {
        long word(long seed, long layer, long i, long j, long which);
    }

    /** Good words, but normals as the sum of 12 uniforms. */
    private record SumOfTwelve() implements Source {

        @Override
        public String name() {
            return "sum of 12 uniforms";
        }

        @Override
        public long word(long seed, long layer, long i, long j, long which) {
            return SplitMix64.bits(seed, layer, i, j, which);
        }

        @Override
        public double normal(long seed, long layer, long i, long j) {
            double sum = -6;
            for (int k = 0; k < 12; k++) {
                sum += (word(seed, layer, i, j, k) >>> 11) * 0x1p-53;
            }
            return sum;
        }
    }

    /** Good words and normals, but every tensor has a hidden rank-1 part; only its singular values can show that. */
    private record Spiked() implements Source {

        @Override
        public String name() {
            return "rank-1 spike";
        }

        @Override
        public long word(long seed, long layer, long i, long j, long which) {
            return SplitMix64.bits(seed, layer, i, j, which);
        }

        @Override
        public double normal(long seed, long layer, long i, long j) {
            long sign = SplitMix64.bits(seed, layer, i, 0, 2) ^ SplitMix64.bits(seed, layer, 0, j, 3);
            double z = Source.super.normal(seed, layer, i, j);
            return (z + (sign < 0 ? -SPIKE : SPIKE)) / Math.sqrt(1 + SPIKE * SPIKE);
        }
    }

    /** {@return all of them} */
    static List<Source> all() {
        return List.of(
                new Words("counter", Controls::counter),
                new Words("lcg", (seed, layer, i, j, which) -> Lcg.at(counterOf(seed, layer, i, j, which))),
                new Words("one multiply", Controls::oneMultiply),
                new Words(
                        "xor of indices",
                        (seed, layer, i, j, which) -> SplitMix64.hash(seed ^ layer ^ i ^ j ^ which << 40)),
                new Words("chain of raw indices", Controls::rawChain),
                new SumOfTwelve(),
                new Spiked());
    }

    /** The address as one number: no two of the tested addresses share it. */
    private static long counterOf(long seed, long layer, long i, long j, long which) {
        return (((seed * 0x10001 + layer) * 0x100003 + i) * 0x10007 + j) * 2 + which;
    }

    /** A Weyl sequence: the counter times an odd number, no hash. */
    private static long counter(long seed, long layer, long i, long j, long which) {
        return counterOf(seed, layer, i, j, which) * GAMMA;
    }

    /** The chain of the generator with the second multiplication of H left out. */
    private static long oneMultiply(long seed, long layer, long i, long j, long which) {
        long h = weakHash(seed ^ weakHash(layer));
        h = weakHash(h ^ weakHash(i));
        h = weakHash(h ^ weakHash(j));
        return weakHash(h ^ weakHash(which));
    }

    private static long weakHash(long x) {
        x += GAMMA;
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
        return x ^ (x >>> 31);
    }

    /** The chain with k in the place of H(k): seed 1, layer 2 is seed 2, layer 1. */
    private static long rawChain(long seed, long layer, long i, long j, long which) {
        long h = SplitMix64.hash(seed ^ layer);
        h = SplitMix64.hash(h ^ i);
        h = SplitMix64.hash(h ^ j);
        return SplitMix64.hash(h ^ which);
    }

    /** Knuth's 64-bit linear congruential generator (MMIX), all 64 bits of its n-th state. */
    private static final class Lcg {

        private static final long[] MULTIPLIER = new long[64];
        private static final long[] INCREMENT = new long[64];

        static {
            MULTIPLIER[0] = 6364136223846793005L;
            INCREMENT[0] = 1442695040888963407L;
            for (int b = 1; b < 64; b++) {
                MULTIPLIER[b] = MULTIPLIER[b - 1] * MULTIPLIER[b - 1];
                INCREMENT[b] = (MULTIPLIER[b - 1] + 1) * INCREMENT[b - 1];
            }
        }

        static long at(long n) {
            long x = 0;
            for (long left = n; left != 0; left &= left - 1) {
                int b = Long.numberOfTrailingZeros(left);
                x = MULTIPLIER[b] * x + INCREMENT[b];
            }
            return x;
        }
    }
}
