package io.detinit.interop.identify;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * The seeds of a search and the samples that they are screened with: all that a machine needs to screen a part of them. Samples hold at
 * most about 2^23 weights in all and the hashed addresses of 2^20, of more than 256 tensors of unknown order four times as many.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class SeedScreens implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The most seeds that are compared on all weights; only a file whose parts have many seeds has more than one. */
    private static final int MOST_COMPARED = 16;

    private final SeedList seeds;
    private final ArrayList<SeedScreen> screens;

    private SeedScreens(SeedList seeds, List<SeedScreen> screens) {
        this.seeds = seeds;
        this.screens = new ArrayList<>(screens);
    }

    /** Takes the samples. */
    static SeedScreens of(List<SeedHypothesis> hypotheses, SeedList seeds) throws IOException {
        List<SeedScreen> screens = new ArrayList<>();
        for (SeedHypothesis hypothesis : hypotheses) {
            screens.add(SeedScreen.of(hypothesis.tensors(), seeds.count(), hypotheses.size()));
        }
        return new SeedScreens(seeds, screens);
    }

    /** {@return how many seeds there are} */
    public long seeds() {
        return seeds.count();
    }

    /** Whether anything can be compared. */
    boolean haveWeights() {
        return screens.stream().anyMatch(SeedScreen::hasWeights);
    }

    /**
     * Screens some of the seeds, on the calling thread.
     *
     * @param from the number of the first one
     * @param to the number after the last
     * @return the best of those that passed, the best first; at most {@value #MOST_COMPARED}
     * @throws IndexOutOfBoundsException if there are no such seeds
     */
    public List<SeedCandidate> best(long from, long to) {
        Objects.checkFromToIndex(from, to, seeds.count());
        SeedScreen.Scratch scratch = new SeedScreen.Scratch();
        List<SeedCandidate> found = new ArrayList<>();
        for (long number = from; number < to; number++) {
            long seed = seeds.seed(number);
            for (int k = 0; k < screens.size(); k++) {
                OptionalDouble z = screens.get(k).pass(seed, scratch);
                if (z.isPresent()) {
                    found.add(new SeedCandidate(number, k, z.getAsDouble()));
                }
            }
            if (found.size() >= 2 * MOST_COMPARED) {
                found = best(found);
            }
        }
        return best(found);
    }

    /**
     * The best of what parts of the seeds gave.
     *
     * @param found candidates in any order
     * @return the best of them, the best first; at most {@value #MOST_COMPARED}
     */
    public static List<SeedCandidate> best(List<SeedCandidate> found) {
        return new ArrayList<>(found.stream()
                .sorted(SeedCandidate.BEST_FIRST)
                .limit(MOST_COMPARED)
                .toList());
    }
}
