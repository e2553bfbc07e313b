package io.detinit.training.noise;

import io.detinit.generator.SplitMix64;
import io.detinit.training.Samples;

/**
 * Samples with each other's labels, for control experiments: what there is to learn then is the labels of single samples.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Shuffled {

    /** Keeps these bits apart from those of weights and orders: "labels" in ASCII, far above any layer id. */
    private static final long DOMAIN = 0x6C6162656C73L;

    private Shuffled() {}

    /**
     * Permutes the labels (Fisher and Yates), so that every class is as frequent as before.
     *
     * @param samples the samples
     * @param seed the seed of the permutation
     * @return the same features, not copied, with permuted labels
     */
    public static Samples labels(Samples samples, long seed) {
        int[] labels = samples.labels().clone();
        for (int k = labels.length - 1; k > 0; k--) {
            int other = (int) Math.floorMod(SplitMix64.bits(seed, DOMAIN, k, 0, 0), (long) k + 1);
            int label = labels[k];
            labels[k] = labels[other];
            labels[other] = label;
        }
        return new Samples(samples.features(), labels, samples.classes());
    }
}
