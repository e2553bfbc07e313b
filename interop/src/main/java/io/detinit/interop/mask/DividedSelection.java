package io.detinit.interop.mask;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A selection whose parts may be done anywhere: which parameters are pruned, and where their rankings are cut. The masks that follow are
 * those of {@link Selector}, bit for bit.
 *
 * <p>A sparsity takes two counting passes over the weights, and a third where of the weights with the very key of a cut only some go.
 * Where each tensor is ranked by itself, {@value #GROUPS_AT_ONCE} of them are counted at a time, 1 MiB each, so that memory is bounded
 * and each pass still reads each weight once.
 *
 * <p>Immutable; safe for use by many threads while the checkpoint is open.
 */
public final class DividedSelection {

    /** The most rankings that are counted at the same time. */
    public static final int GROUPS_AT_ONCE = 64;

    private final Selection selection;
    private final List<RankedTensor> tensors;
    private final List<String> protectedNames;

    private DividedSelection(Selection selection, List<RankedTensor> tensors, List<String> protectedNames) {
        this.selection = selection;
        this.tensors = tensors;
        this.protectedNames = protectedNames;
    }

    /** Passes over weights. */
    public interface Passes {
        /**
         * Counts, as {@link RangeRanker#count} does, over all chunks of all tensors of some groups.
         *
         * @param requests the groups
         * @return the sums
         * @throws IOException if reading fails
         */
        GroupCounts count(List<GroupRequest> requests) throws IOException;

        /**
         * Counts, as {@link RangeRanker#ties} does, over all chunks of all tensors of some groups.
         *
         * @param requests the groups
         * @return the counts by tensor and first chunk in order
         * @throws IOException if reading fails
         */
        List<TieCounts> ties(List<GroupRequest> requests) throws IOException;
    }

    /**
     * What a selection comes to.
     *
     * @param rules which weights go, for each of {@link #tensors}
     * @param cuts where the rankings were cut
     */
    public record Outcome(List<CutRule> rules, Cuts cuts) {

        /** Copies the list. */
        public Outcome {
            rules = List.copyOf(rules);
        }
    }

    /**
     * Prepares a selection.
     *
     * @param tensors the trained tensors
     * @param baseline their initial values
     * @param selection what to prune
     * @return the selection
     * @throws IllegalArgumentException if nothing is prunable, or a pattern of the filter fits no tensor
     */
    public static DividedSelection of(List<? extends TensorView> tensors, Baseline baseline, Selection selection) {
        Candidates.Chosen chosen = selection.candidates().choose(tensors, baseline);
        Map<String, TensorView> stored = new HashMap<>();
        tensors.forEach(tensor -> stored.put(tensor.info().name(), tensor));
        List<RankedTensor> ranked = new ArrayList<>();
        for (Prunable one : chosen.prunable()) {
            TensorView tensor = Optional.ofNullable(stored.get(one.name())).orElseThrow();
            ranked.add(RankedTensor.of(tensor, baseline.find(one.name()).orElseThrow()));
        }
        return new DividedSelection(selection, List.copyOf(ranked), chosen.protectedNames());
    }

    /** {@return the prunable parameters in file order; requests and counts number them from 0} */
    public List<RankedTensor> tensors() {
        return tensors;
    }

    /**
     * Finds the cuts.
     *
     * @param passes looks at weights
     * @return which weights go
     * @throws IOException if reading fails
     */
    public Outcome cut(Passes passes) throws IOException {
        List<CutRule> rules = new ArrayList<>();
        Map<String, Cut> cuts = new LinkedHashMap<>();
        if (selection.target() instanceof Selection.Sparsity sparsity) {
            List<Group> groups = groups();
            for (int from = 0; from < groups.size(); from += GROUPS_AT_ONCE) {
                List<Group> some = groups.subList(from, Math.min(groups.size(), from + GROUPS_AT_ONCE));
                rank(some, sparsity.sparsity(), passes, rules, cuts);
            }
        } else {
            for (RankedTensor tensor : tensors) {
                if (selection.target() instanceof Selection.Limit limit) {
                    rules.add(new CutRule.AtMost(limit.limit()));
                    cuts.put(tensor.name(), new Cut(limit.limit(), false));
                } else {
                    rules.add(new CutRule.InGroups((Selection.Pattern) selection.target()));
                }
            }
        }
        List<String> names = tensors.stream().map(RankedTensor::name).toList();
        return new Outcome(rules, new Cuts(names, cuts, protectedNames));
    }

    /** Tensors that are ranked together. */
    private record Group(int number, int first, int end, long elements) {
        GroupRequest at(long at) {
            return new GroupRequest(number, first, end, at);
        }
    }

    private List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        boolean global = selection.scope() == Selection.Scope.GLOBAL;
        int width = global ? tensors.size() : 1;
        for (int first = 0; first < tensors.size(); first += width) {
            List<RankedTensor> own = tensors.subList(first, first + width);
            long elements = own.stream().mapToLong(RankedTensor::elements).sum();
            groups.add(new Group(groups.size(), first, first + width, elements));
        }
        return groups;
    }

    /** Cuts some groups, whose tensors follow on those that have rules. */
    private void rank(List<Group> groups, double sparsity, Passes passes, List<CutRule> rules, Map<String, Cut> cuts)
            throws IOException {
        Map<Group, Long> prune = new LinkedHashMap<>();
        for (Group group : groups) {
            long some = Math.round(sparsity * group.elements());
            if (some > 0 && some < group.elements()) {
                prune.put(group, some);
            }
        }
        Map<Group, KeyCut> found = find(prune, passes);
        Map<Integer, Long> keptFrom = ties(found, passes);
        for (Group group : groups) {
            KeyCut cut = found.get(group);
            for (int tensor = group.first(); tensor < group.end(); tensor++) {
                if (cut == null) {
                    rules.add(new CutRule.Whole(Math.round(sparsity * group.elements()) == 0));
                } else {
                    long from = keptFrom.getOrDefault(tensor, CutRule.Below.NO_TIE);
                    rules.add(new CutRule.Below(cut.key(), from));
                    cuts.put(
                            tensors.get(tensor).name(),
                            cut.cut(selection.criterion().isSameSign()));
                }
            }
        }
    }

    private static Map<Group, KeyCut> find(Map<Group, Long> prune, Passes passes) throws IOException {
        Map<Group, KeyCut> found = new LinkedHashMap<>();
        if (prune.isEmpty()) {
            return found;
        }
        GroupCounts upper =
                passes.count(prune.keySet().stream().map(group -> group.at(-1)).toList());
        Map<Group, GroupRequest> halves = new LinkedHashMap<>();
        prune.forEach((group, some) -> halves.put(group, group.at(KeyCut.bucket(upper.of(group.at(-1)), some))));
        GroupCounts lower = passes.count(List.copyOf(halves.values()));
        prune.forEach((group, some) -> {
            GroupRequest half = halves.getOrDefault(group, group.at(-1));
            found.put(group, KeyCut.of(upper.of(group.at(-1)), (int) half.at(), lower.of(half), some));
        });
        return found;
    }

    /** From where on weights with the key of the cut are kept, by tensor; none where all of them go. */
    private Map<Integer, Long> ties(Map<Group, KeyCut> cuts, Passes passes) throws IOException {
        List<GroupRequest> requests = new ArrayList<>();
        cuts.forEach((group, cut) -> {
            if (cut.ties() < cut.equal()) {
                requests.add(group.at(cut.key()));
            }
        });
        Map<Integer, Long> keptFrom = new HashMap<>();
        if (requests.isEmpty()) {
            return keptFrom;
        }
        List<TieCounts> counts = passes.ties(requests);
        RangeRanker ranker = new RangeRanker(selection);
        for (Map.Entry<Group, KeyCut> entry : cuts.entrySet()) {
            if (entry.getValue().ties() < entry.getValue().equal()) {
                place(entry.getKey(), entry.getValue(), counts, ranker, keptFrom);
            }
        }
        return keptFrom;
    }

    private void place(Group group, KeyCut cut, List<TieCounts> counts, RangeRanker ranker, Map<Integer, Long> keptFrom)
            throws IOException {
        long left = cut.ties();
        boolean placed = false;
        for (TieCounts part : counts) {
            if (part.tensor() < group.first() || part.tensor() >= group.end()) {
                continue;
            }
            for (int k = 0; k < part.counts().length && !placed; k++) {
                if (left < part.counts()[k]) {
                    RankedTensor tensor = tensors.get(part.tensor());
                    keptFrom.put(part.tensor(), ranker.tie(tensor, part.firstChunk() + k, cut.key(), left));
                    for (int later = part.tensor() + 1; later < group.end(); later++) {
                        keptFrom.put(later, 0L);
                    }
                    placed = true;
                } else {
                    left -= part.counts()[k];
                }
            }
        }
        if (!placed) {
            throw new IllegalStateException("the weights changed while they were read");
        }
    }
}
