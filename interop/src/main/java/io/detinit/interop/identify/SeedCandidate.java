package io.detinit.interop.identify;

import java.io.Serializable;
import java.util.Comparator;

/**
 * A seed that passed a screen.
 *
 * @param number its number among the seeds tried
 * @param hypothesis which screen it passed
 * @param z how well it fits the last sample
 */
public record SeedCandidate(long number, int hypothesis, double z) implements Serializable {

    static final Comparator<SeedCandidate> BEST_FIRST = Comparator.comparingDouble(SeedCandidate::z)
            .reversed()
            .thenComparingLong(SeedCandidate::number)
            .thenComparingInt(SeedCandidate::hypothesis);
}
