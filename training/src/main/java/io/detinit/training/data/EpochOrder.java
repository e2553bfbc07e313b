package io.detinit.training.data;

import io.detinit.generator.SplitMix64;

/**
 * The order in which an epoch visits its samples: a Fisher-Yates shuffle (Durstenfeld 1964) whose random integers are addressed by
 * (seed, epoch), so it is the same on every machine and can be repeated from the middle of a run.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class EpochOrder {

    /** Keeps these bits apart from those of the weights: "order" in ASCII, far above any layer id. */
    private static final long DOMAIN = 0x6F72646572L;

    private EpochOrder() {}

    /**
     * A permutation.
     *
     * @param seed the seed of the run
     * @param epoch the epoch, from 1
     * @param count how many samples, >= 0
     * @return the sample at each place: every index of [0, count) once, uniformly among all orders
     */
    public static int[] permutation(long seed, int epoch, int count) {
        int[] order = new int[count];
        for (int k = 0; k < count; k++) {
            int other = bounded(seed, epoch, k, k + 1);
            order[k] = order[other];
            order[other] = k;
        }
        return order;
    }

    /** A uniform integer in [0, bound), unbiased: raw words past the last whole multiple of the bound are rejected. */
    private static int bounded(long seed, int epoch, int place, int bound) {
        for (long attempt = 0; ; attempt++) {
            long bits = SplitMix64.bits(seed, DOMAIN, epoch, place, attempt) >>> 1;
            long value = bits % bound;
            if (bits - value + (bound - 1) >= 0) {
                return (int) value;
            }
        }
    }
}
