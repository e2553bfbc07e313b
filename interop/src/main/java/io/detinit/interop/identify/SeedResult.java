package io.detinit.interop.identify;

import java.util.List;
import java.util.Optional;

/**
 * What a search found.
 *
 * @param seeds how many seeds were tried
 * @param hypotheses how many were tried of each seed: every way to lay the file out, with all tensors and with each alone
 * @param matches the seeds whose corrected p-value is below {@link SeedEvidence#FOUND_P_VALUE}, the best first; empty where none
 *     of them made the file
 */
public record SeedResult(long seeds, long hypotheses, List<SeedMatch> matches) {

    /** Copies the list. */
    public SeedResult {
        matches = List.copyOf(matches);
    }

    /** {@return the best match, empty where there is none} */
    public Optional<SeedMatch> best() {
        return matches.stream().findFirst();
    }
}
