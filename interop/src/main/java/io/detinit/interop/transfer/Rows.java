package io.detinit.interop.transfer;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters that are made of rows of others.
 *
 * @param assembled by the names of the receiving file's parameters
 * @param covered by the names of the sources, which rows have a place
 * @param needed by the names of the sources, how many rows need one
 */
record Rows(Map<String, RowIndex.Assembled> assembled, Map<String, BitSet> covered, Map<String, Integer> needed) {

    /** Looks for what is left of both files; for nothing where every mask has its place. */
    static Rows of(List<Source> sources, List<Parameter> targets, Map<String, Found> found) throws IOException {
        Set<Source> taken = new HashSet<>();
        found.values().forEach(one -> taken.add(one.source()));
        List<Source> left =
                sources.stream().filter(source -> !taken.contains(source)).toList();
        Rows rows = new Rows(new HashMap<>(), new HashMap<>(), new HashMap<>());
        if (left.stream().noneMatch(source -> source.mask() != null)) {
            return rows;
        }
        RowIndex index = new RowIndex(left);
        left.forEach(source -> rows.needed.put(source.name(), index.rowsOf(source)));
        for (Parameter target : targets) {
            if (!found.containsKey(target.name())) {
                index.assemble(target).ifPresent(rows::add);
            }
        }
        return rows;
    }

    private void add(RowIndex.Assembled one) {
        assembled.put(one.target().name(), one);
        for (RowIndex.Place place : one.places()) {
            if (place != null) {
                covered.computeIfAbsent(place.source().name(), name -> new BitSet())
                        .set((int) place.row());
            }
        }
    }

    /** How many rows of a source have a place. */
    int covered(Source source) {
        return covered.getOrDefault(source.name(), new BitSet()).cardinality();
    }

    /** How many rows of a source need one. */
    int needed(Source source) {
        return needed.getOrDefault(source.name(), 0);
    }

    /** The mask of a parameter that is made of rows of which some have a mask. */
    Optional<TransferredMask> transferred(Parameter target) {
        RowIndex.Assembled one = assembled.get(target.name());
        if (one == null) {
            return Optional.empty();
        }
        Set<String> masked = new LinkedHashSet<>();
        StoredOrder order = StoredOrder.OUT_IN;
        for (RowIndex.Place place : one.places()) {
            if (place != null && place.source().mask() != null) {
                masked.add(place.source().name());
                order = place.source().parameter().order();
            }
        }
        if (masked.isEmpty()) {
            return Optional.empty();
        }
        boolean turned = one.transposed() && order == StoredOrder.OUT_IN;
        return Optional.of(new TransferredMask(
                target.name(),
                new ArrayList<>(masked),
                How.ROWS,
                one.transposed(),
                Content.IDENTICAL,
                Double.NaN,
                turned ? StoredOrder.IN_OUT : StoredOrder.OUT_IN,
                one.mask()));
    }
}
