package io.detinit.interop.transfer;

import io.detinit.interop.parameter.Parameter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which source a parameter's name speaks for. Immutable once built; safe for use by many threads. */
final class Names {

    private final Map<String, Candidate> candidates = new HashMap<>();

    /** A source that a name speaks for. */
    record Candidate(Source source, How how) {}

    Names(List<Source> sources, List<Parameter> targets) {
        byName(sources, targets);
        byCanonicalName(sources, targets);
        byEnd(sources, targets);
    }

    Optional<Candidate> of(Parameter target) {
        return Optional.ofNullable(candidates.get(target.name()));
    }

    private void byName(List<Source> sources, List<Parameter> targets) {
        Map<String, Source> byName = new HashMap<>();
        sources.forEach(source -> source.names().forEach(name -> byName.put(name, source)));
        for (Parameter target : targets) {
            Source same = byName.get(target.name());
            if (same != null) {
                candidates.put(target.name(), new Candidate(same, How.NAME));
            }
        }
    }

    private void byCanonicalName(List<Source> sources, List<Parameter> targets) {
        Map<String, Set<Source>> keys = new HashMap<>();
        for (Source source : sources) {
            source.canonicalNames().forEach(key -> add(keys, key, source));
        }
        Set<String> unique =
                onlyOnce(targets.stream().map(Parameter::canonicalName).toList());
        for (Parameter target : targets) {
            String key = target.canonicalName();
            if (unique.contains(key)) {
                single(target, keys.getOrDefault(key, Set.of()));
            }
        }
    }

    /** Pairs of which one name ends with the other, where no other pair of those two does. */
    private void byEnd(List<Source> sources, List<Parameter> targets) {
        Map<String, Set<Source>> ends = new HashMap<>();
        Map<String, Set<Source>> whole = new HashMap<>();
        for (Source source : sources) {
            for (String name : source.canonicalNames()) {
                add(whole, name, source);
                ends(name).forEach(end -> add(ends, end, source));
            }
        }
        Map<String, Set<Source>> found = new HashMap<>();
        for (Parameter target : targets) {
            Set<Source> fitting = new LinkedHashSet<>(ends.getOrDefault(target.canonicalName(), Set.of()));
            ends(target.canonicalName()).forEach(end -> fitting.addAll(whole.getOrDefault(end, Set.of())));
            fitting.removeIf(source -> source.orientations(target).isEmpty());
            found.put(target.name(), fitting);
        }
        Set<String> unique = onlyOnce(
                found.values().stream().flatMap(Set::stream).map(Source::name).toList());
        for (Parameter target : targets) {
            Set<Source> fitting = found.getOrDefault(target.name(), Set.of());
            if (fitting.stream().allMatch(source -> unique.contains(source.name()))) {
                single(target, fitting);
            }
        }
    }

    private void single(Parameter target, Set<Source> fitting) {
        if (fitting.size() == 1) {
            candidates.putIfAbsent(
                    target.name(), new Candidate(fitting.iterator().next(), How.CANONICAL_NAME));
        }
    }

    private static void add(Map<String, Set<Source>> map, String key, Source source) {
        map.computeIfAbsent(key, k -> new LinkedHashSet<>()).add(source);
    }

    /** What remains of a dotted name without its first parts. */
    private static List<String> ends(String name) {
        List<String> ends = new ArrayList<>();
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            ends.add(name.substring(dot + 1));
        }
        return ends;
    }

    private static Set<String> onlyOnce(List<String> names) {
        Set<String> seen = new HashSet<>();
        Set<String> once = new HashSet<>();
        for (String name : names) {
            if (seen.add(name)) {
                once.add(name);
            } else {
                once.remove(name);
            }
        }
        return once;
    }
}
