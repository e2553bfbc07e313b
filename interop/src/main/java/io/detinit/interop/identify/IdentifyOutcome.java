package io.detinit.interop.identify;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What came of the searches for a file's seed, of one kind or of both.
 *
 * @param best the seed whose evidence is the strongest; empty where none made the file
 * @param tried how many seeds were tried
 */
public record IdentifyOutcome(Optional<IdentifiedSeed> best, long tried) {

    /**
     * Puts searches together.
     *
     * @param searches the searches
     * @return the outcome
     */
    public static IdentifyOutcome of(List<IdentifySearch> searches) {
        return new IdentifyOutcome(
                searches.stream()
                        .flatMap(search -> search.found().stream())
                        .min(Comparator.comparingDouble(IdentifiedSeed::logPValue)),
                searches.stream().mapToLong(IdentifySearch::tried).sum());
    }
}
