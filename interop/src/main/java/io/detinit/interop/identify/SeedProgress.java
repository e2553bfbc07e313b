package io.detinit.interop.identify;

/** Watches a search. */
@FunctionalInterface
public interface SeedProgress {

    /** Watches nothing. */
    SeedProgress NONE = (done, of) -> {};

    /**
     * Some more seeds were tried. Called by any thread, but by one at a time.
     *
     * @param done how many so far; rises
     * @param of how many there are, each counted as often as it is tried; grows where one pass over them found nothing and
     *     another follows
     */
    void tried(long done, long of);
}
