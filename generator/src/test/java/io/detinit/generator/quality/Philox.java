package io.detinit.generator.quality;

/**
 * Philox4x64-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), with the seed as
 * its key and the address as its counter: a good generator of another construction, which the battery has to pass.
 */
final class Philox implements Source {

    private static final long M0 = 0xD2E7470EE14C6C93L;
    private static final long M1 = 0xCA5A826395121157L;
    private static final long W0 = 0x9E3779B97F4A7C15L;
    private static final long W1 = 0xBB67AE8584CAA73BL;

    @Override
    public String name() {
        return "philox";
    }

    @Override
    public long word(long seed, long layer, long i, long j, long which) {
        long c0 = j;
        long c1 = i;
        long c2 = layer;
        long c3 = which;
        long k0 = seed;
        long k1 = 0;
        for (int round = 0; round < 10; round++) {
            long high0 = multiplyHigh(M0, c0);
            long high1 = multiplyHigh(M1, c2);
            long next0 = high1 ^ c1 ^ k0;
            long next2 = high0 ^ c3 ^ k1;
            c1 = M1 * c2;
            c3 = M0 * c0;
            c0 = next0;
            c2 = next2;
            k0 += W0;
            k1 += W1;
        }
        return c0;
    }

    /** Upper half of the unsigned product; the first factor has its upper bit set. */
    private static long multiplyHigh(long a, long b) {
        return Math.multiplyHigh(a, b) + b + (b < 0 ? a : 0);
    }
}
