package io.detinit.interop.mask;

import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where rankings were cut.
 *
 * @param names the names of the prunable parameters, in file order
 * @param cuts where the ranking that each parameter was part of was cut; none for a pattern, nor where nothing or all was pruned
 * @param protectedNames what was kept whole as the first or the last matrix, in file order
 */
public record Cuts(List<String> names, Map<String, Cut> cuts, List<String> protectedNames) {

    /** Copies the map and the lists. */
    public Cuts {
        names = List.copyOf(names);
        cuts = Collections.unmodifiableMap(new LinkedHashMap<>(cuts));
        protectedNames = List.copyOf(protectedNames);
    }

    /** {@return the one cut that all parameters share; empty where there is none, or there are several} */
    public Optional<Cut> cut() {
        boolean shared = cuts.size() == names.size() && new HashSet<>(cuts.values()).size() == 1;
        return shared ? Optional.of(cuts.values().iterator().next()) : Optional.empty();
    }
}
