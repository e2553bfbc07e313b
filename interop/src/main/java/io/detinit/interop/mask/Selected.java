package io.detinit.interop.mask;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was selected, and where the ranking was cut.
 *
 * @param masks 1 = keep, by the names of the parameters, in file order, outputs first
 * @param cuts where the ranking that each parameter was part of was cut; none for a pattern, nor where nothing or all was pruned
 * @param protectedNames what was kept whole as the first or the last matrix, in file order
 */
public record Selected(Map<String, Mask> masks, Map<String, Cut> cuts, List<String> protectedNames) {

    /** Copies the maps and the list. */
    public Selected {
        masks = Collections.unmodifiableMap(new LinkedHashMap<>(masks));
        cuts = Collections.unmodifiableMap(new LinkedHashMap<>(cuts));
        protectedNames = List.copyOf(protectedNames);
    }

    /** {@return the same without the masks} */
    public Cuts withoutMasks() {
        return new Cuts(List.copyOf(masks.keySet()), cuts, protectedNames);
    }

    /** {@return the one cut that all parameters share; empty where there is none, or there are several} */
    public Optional<Cut> cut() {
        return withoutMasks().cut();
    }
}
