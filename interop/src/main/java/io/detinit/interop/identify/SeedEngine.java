package io.detinit.interop.identify;

import java.io.IOException;
import java.util.List;

/**
 * Does the two long parts of a search for seeds: on threads here, or on other machines. Both can be divided anywhere, and the outcome
 * is the same bits however they were.
 */
public interface SeedEngine {

    /**
     * Screens all seeds: {@link SeedScreens#best} of parts that cover them, put together by {@link SeedScreens#best(List)}.
     *
     * @param screens the screens and the seeds
     * @param progress may be told how many seeds are done so far
     * @return the best candidates of all seeds
     * @throws IOException if a machine fails
     */
    List<SeedCandidate> screen(SeedScreens screens, SeedProgress progress) throws IOException;

    /**
     * Compares tensors with the initial values of a seed, all of their weights: {@link SeedCorrelation#part} of ranges of chunks, put
     * together by {@link SeedCorrelation#of(List)}.
     *
     * @param tensors the tensors
     * @param seed the seed
     * @return the correlation of each
     * @throws IOException if reading fails
     */
    List<SeedCorrelation> correlate(List<SeedTensor> tensors, long seed) throws IOException;

    /** {@return how many threads the parts of a search take that look at samples alone, >= 1} */
    int threads();

    /**
     * Threads of this process.
     *
     * @param count how many, >= 1
     * @return the engine
     * @throws IllegalArgumentException if there is none
     */
    static SeedEngine threads(int count) {
        return new SeedThreads(count);
    }
}
