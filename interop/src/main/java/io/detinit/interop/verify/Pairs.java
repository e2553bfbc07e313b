package io.detinit.interop.verify;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which input or output of one model is which of another. */
final class Pairs {

    private Pairs() {}

    /**
     * Pairs names: equal ones, then the others in their order.
     *
     * @throws IllegalArgumentException if the models have different numbers of them
     */
    static Map<String, String> of(
            String what, List<String> first, List<String> second, String firstModel, String secondModel) {
        if (first.size() != second.size()) {
            throw new IllegalArgumentException("the models have different " + what + ": " + firstModel + " has " + first
                    + ", " + secondModel + " has " + second);
        }
        Set<String> own = new HashSet<>(first);
        Set<String> both = new HashSet<>(second);
        both.retainAll(own);
        Iterator<String> rest =
                second.stream().filter(name -> !both.contains(name)).iterator();
        Map<String, String> pairs = new LinkedHashMap<>();
        first.forEach(name -> pairs.put(name, both.contains(name) ? name : rest.next()));
        return pairs;
    }
}
