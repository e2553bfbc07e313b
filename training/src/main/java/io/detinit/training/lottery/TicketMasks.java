package io.detinit.training.lottery;

import io.detinit.generator.InitPlan;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Candidates;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.plan.StoredValues;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Prunes some of the weights that a network still has. Weights that are gone take no part in a ranking, so any criterion and any fill will
 * do: the kept weights of each matrix, and their initial values, are gathered into a row and ranked there.
 *
 * <p>Immutable; safe for use by many threads.
 */
final class TicketMasks {

    /** Keeps the random criterion's numbers apart from those of the weights: "tickt" in ASCII, far above any layer id. */
    private static final long RANDOM_DOMAIN = 0x7469636B74L;

    /** Those of shuffled masks: "shufl". */
    private static final long SHUFFLE_DOMAIN = 0x736875666CL;

    private final LotteryConfig config;
    private final int threads = Runtime.getRuntime().availableProcessors();

    TicketMasks(LotteryConfig config) {
        this.config = config;
    }

    /** Masks and how they were made. */
    record Found(Map<String, Mask> masks, MaskRecord record, InitPlan plan) {}

    /** Masks that keep every weight of every prunable matrix, in state-dict order. */
    static Map<String, Mask> dense(InitPlan plan, List<? extends TensorView> tensors) throws IOException {
        Baseline baseline = Baseline.of(plan, tensors);
        List<String> names = new Selector(baseline, 1).prunableNames(tensors, Candidates.MATRICES);
        Map<String, Mask> masks = new LinkedHashMap<>();
        for (TensorView tensor : tensors) {
            if (names.contains(tensor.info().name())) {
                masks.put(tensor.info().name(), Mask.of(tensor.info().shape(), k -> true));
            }
        }
        return masks;
    }

    /**
     * Prunes exactly round(rate * remaining) weights of each group of layers that are ranked together.
     *
     * @param plan the plan of the network
     * @param trained all its tensors after training
     * @param masks what it still has
     * @param seed the seed of the replicate
     * @param round the round that the new masks are for, >= 1
     */
    Found next(InitPlan plan, List<? extends TensorView> trained, Map<String, Mask> masks, long seed, int round)
            throws IOException {
        Map<String, Gathered> rows = new LinkedHashMap<>();
        for (TensorView tensor : trained) {
            Mask mask = masks.get(tensor.info().name());
            if (mask != null) {
                rows.put(tensor.info().name(), Gathered.of(plan, tensor, mask));
            }
        }
        Map<String, Mask> pruned = new LinkedHashMap<>(masks);
        for (Group group : groups(masks)) {
            prune(group, rows, seed, round).forEach((name, kept) -> pruned.put(name, spread(masks, name, kept)));
        }
        long all = pruned.values().stream().mapToLong(Mask::size).sum();
        long kept = pruned.values().stream().mapToLong(Mask::kept).sum();
        Selection described = new Selection(
                config.criterion(),
                new Selection.Sparsity((double) (all - kept) / all),
                config.scope(),
                Candidates.MATRICES,
                randomSeed(RANDOM_DOMAIN, seed, round));
        String source = "lottery, seed " + seed + ", trained in round " + (round - 1);
        MaskRecord record = MaskRecord.of(described, Baseline.of(plan, trained), source, "detinit lottery");
        return new Found(pruned, record, plan);
    }

    /** Layers that are ranked together, and which part of them goes. */
    private record Group(double rate, List<String> names) {}

    private List<Group> groups(Map<String, Mask> masks) {
        Map<String, Double> rates = config.rates().of(List.copyOf(masks.keySet()));
        if (config.scope() == Selection.Scope.LAYER) {
            return rates.entrySet().stream()
                    .map(entry -> new Group(entry.getValue(), List.of(entry.getKey())))
                    .toList();
        }
        Map<Double, List<String>> together = new LinkedHashMap<>();
        rates.forEach((name, rate) ->
                together.computeIfAbsent(rate, key -> new ArrayList<>()).add(name));
        return together.entrySet().stream()
                .map(entry -> new Group(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The masks of the rows of a group; layers without weights have none. */
    private Map<String, Mask> prune(Group group, Map<String, Gathered> rows, long seed, int round) throws IOException {
        List<TensorView> weights = new ArrayList<>();
        Map<String, Baseline.Initial> initials = new LinkedHashMap<>();
        long remaining = 0;
        for (String name : group.names()) {
            Gathered row = Objects.requireNonNull(rows.get(name), name);
            if (row.count() > 0) {
                weights.add(row.trained());
                initials.put(name, new Baseline.Initial(name, StoredOrder.OUT_IN, new StoredValues(row.initial())));
                remaining += row.count();
            }
        }
        long prune = Math.round(group.rate() * remaining);
        if (prune == 0) {
            return Map.of();
        }
        Baseline baseline = new Baseline(Baseline.Kind.SEED, OptionalLong.of(seed), initials, Map.of(), List.of());
        Selection selection = new Selection(
                config.criterion(),
                new Selection.Sparsity((double) prune / remaining),
                Selection.Scope.GLOBAL,
                new Candidates(NameFilter.ALL, true, false, false),
                randomSeed(RANDOM_DOMAIN, seed, round));
        return new Selector(baseline, threads).select(weights, selection);
    }

    /** A weight is kept where the old mask keeps it and the row's mask keeps its place in the row. */
    private static Mask spread(Map<String, Mask> masks, String name, Mask row) {
        Mask old = Objects.requireNonNull(masks.get(name), name);
        long[] place = {0};
        return Mask.of(old.shape(), k -> old.keeps(k) && row.keeps(place[0]++));
    }

    /**
     * Random masks that keep as many weights of each layer. A layer's are nested from round to round.
     *
     * @param masks the masks whose layer sizes count
     * @param seed the seed of the replicate
     */
    static Map<String, Mask> shuffled(Map<String, Mask> masks, long seed) throws IOException {
        Map<String, Mask> shuffled = new LinkedHashMap<>();
        for (Map.Entry<String, Mask> entry : masks.entrySet()) {
            Mask mask = entry.getValue();
            ArrayTensor zeros = ArrayTensor.of(entry.getKey(), mask.shape(), new float[Math.toIntExact(mask.size())]);
            Baseline.Initial initial =
                    new Baseline.Initial(entry.getKey(), StoredOrder.OUT_IN, new StoredValues(zeros));
            Baseline baseline = new Baseline(
                    Baseline.Kind.SEED, OptionalLong.of(seed), Map.of(entry.getKey(), initial), Map.of(), List.of());
            Selection selection = new Selection(
                    Criterion.RANDOM,
                    new Selection.Sparsity(mask.sparsity()),
                    Selection.Scope.GLOBAL,
                    Candidates.MATRICES,
                    randomSeed(SHUFFLE_DOMAIN, seed, 0));
            shuffled.putAll(new Selector(baseline, 1).select(List.of(zeros), selection));
        }
        return shuffled;
    }

    private static long randomSeed(long domain, long seed, int round) {
        return SplitMix64.bits(seed, domain, round);
    }

    /**
     * The weights that a matrix still has, in a row.
     *
     * @param count how many
     * @param trained float32 [count], after training
     * @param initial float32 [count], w0
     */
    private record Gathered(int count, ArrayTensor trained, ArrayTensor initial) {

        static Gathered of(InitPlan plan, TensorView tensor, Mask mask) throws IOException {
            String name = tensor.info().name();
            float[] values = new float[Math.toIntExact(mask.size())];
            tensor.readFloats(0, values, 0, values.length);
            float[] initial = plan.init(name).toArray();
            int count = 0;
            for (int k = 0; k < values.length; k++) {
                if (mask.keeps(k)) {
                    values[count] = values[k];
                    initial[count] = initial[k];
                    count++;
                }
            }
            TensorShape shape = TensorShape.of(count);
            return new Gathered(
                    count,
                    ArrayTensor.of(name, shape, java.util.Arrays.copyOf(values, count)),
                    ArrayTensor.of(name, shape, java.util.Arrays.copyOf(initial, count)));
        }
    }
}
