package io.detinit.interop.budget;

import io.detinit.interop.mask.Mask;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a search for the largest sparsity found.
 *
 * @param maxDrop the budget: the largest loss of accuracy that was allowed, in [0, 1]
 * @param before the accuracy of the dense model
 * @param found what was found; empty where no tried sparsity above 0 is within the budget
 * @param searched every sparsity that was tried, in the order in which it was
 */
public record SearchResult(double maxDrop, double before, Optional<Found> found, List<SearchPoint> searched) {

    /** Copies the list. */
    public SearchResult {
        searched = List.copyOf(searched);
    }

    /**
     * The largest sparsity within the budget.
     *
     * @param point the sparsity and its accuracy
     * @param masks its masks, by name in file order
     */
    public record Found(SearchPoint point, Map<String, Mask> masks) {

        /** Copies the map. */
        public Found {
            masks = Collections.unmodifiableMap(new LinkedHashMap<>(masks));
        }
    }
}
