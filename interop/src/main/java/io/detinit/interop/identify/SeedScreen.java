package io.detinit.interop.identify;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The stages that a seed has to pass before all weights are looked at: samples of growing size. Of the wrong seeds one in ten
 * passes the first stage, and one in 4,000 the second. A seed whose correlation is 0.07 passes a first stage of 4,096 weights
 * with the probability 0.996, and the others almost surely.
 *
 * <p>Immutable; safe for use by many threads, each with a {@link Scratch} of its own.
 */
final class SeedScreen implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final double[] LEAST_Z = {1.3, 3.5};
    private static final double LEAST_LAST_Z = 4;
    private static final long GROWTH = 4;
    private static final long LAST_GROWTH = 32;

    private static final long SMALLEST = 1 << 10;
    private static final long LARGEST = 1 << 16;

    /** The weights of the first stage in all, where the number of seeds leaves a choice. */
    private static final long WORK = 1L << 32;

    /** The weights of the first stages of all screens. */
    private static final long MEMORY = 1 << 18;

    /** So few weights in all that every seed goes to the last stage. */
    private static final double FEW = 1 << 24;

    private final ArrayList<SeedWords> stages;
    private final SeedSample last;

    /** The arrays of one thread. */
    static final class Scratch {

        private final long[] words = new long[SeedRuns.LENGTH];
        private final float[] weights = new float[SeedRuns.LENGTH];
    }

    private SeedScreen(List<SeedWords> stages, SeedSample last) {
        this.stages = new ArrayList<>(stages);
        this.last = last;
    }

    /**
     * Prepares the stages.
     *
     * @param tensors what is compared
     * @param seeds how many are tried: few seeds get larger samples, which show weaker correlations
     * @param hypotheses how many screens there are: many get smaller samples, which lie in memory together
     */
    static SeedScreen of(List<SeedTensor> tensors, long seeds, int hypotheses) throws IOException {
        double trials = (double) seeds * hypotheses;
        long most = Math.min(LARGEST, MEMORY / hypotheses);
        long first = Math.max(SMALLEST, Long.highestOneBit((long) Math.min((double) most, WORK / trials)));
        long all = tensors.stream().mapToLong(SeedTensor::elements).sum();
        List<SeedWords> stages = new ArrayList<>();
        boolean few = trials * Math.min(all, first * LAST_GROWTH) <= FEW;
        for (long size = first; !few && stages.size() < LEAST_Z.length; size *= GROWTH) {
            stages.add(SeedWords.of(tensors, size));
            few = size >= all;
        }
        return new SeedScreen(stages, SeedSample.of(tensors, first * LAST_GROWTH));
    }

    /** Whether anything can be compared. */
    boolean hasWeights() {
        return last.weights() > 0;
    }

    /** How well a seed fits that passes every stage: the largest z of the last; empty for the others. */
    OptionalDouble pass(long seed, Scratch scratch) {
        for (int stage = 0; stage < stages.size(); stage++) {
            if (stages.get(stage).z(seed, scratch.words) < LEAST_Z[stage]) {
                return OptionalDouble.empty();
            }
        }
        double z = last.largestZ(seed, scratch.weights);
        return z < LEAST_LAST_Z ? OptionalDouble.empty() : OptionalDouble.of(z);
    }
}
