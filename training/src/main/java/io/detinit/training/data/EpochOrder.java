package io.detinit.training.data;

import io.detinit.generator.SplitMix64;

/** tmp. */
public final class EpochOrder {
    private EpochOrder() {}

    /** tmp. */
    public static int[] permutation(long seed, int epoch, int n) {
        int[] p = new int[n];
        for (int i = 0; i < n; i++) {
            int j = (int) Long.remainderUnsigned(SplitMix64.bits(seed, 77, epoch, i), i + 1);
            p[i] = p[j];
            p[j] = i;
        }
        return p;
    }
}
