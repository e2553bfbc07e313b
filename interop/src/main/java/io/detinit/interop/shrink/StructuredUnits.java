package io.detinit.interop.shrink;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.shrink.Touches.Touch;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses whole units of hidden layers, as masks of the weights that make them: units (neurons) of Gemm and MatMul, channels of
 * Conv. Units of the output layer, and those that something reads which is not understood, are never chosen.
 *
 * <p>A unit's score is the root mean square of its row: of w for {@link Criterion#MAGNITUDE}, of w - w0 for
 * {@link Criterion#MOVEMENT}; that of units that have to go together, as by a residual addition, is the root mean square of all their rows.
 * The lowest go first, of equal ones those of the earlier layer and row. Masks zero the rows and keep biases, so that the unit is constant and
 * {@link ModelShrinker} folds it; where that could not be folded, as before a padded convolution, the weights that read it are
 * zeroed too.
 */
public final class StructuredUnits {

    /**
     * How much is chosen.
     *
     * @param criterion {@link Criterion#MOVEMENT} or {@link Criterion#MAGNITUDE}
     * @param sparsity the fraction of the units that could be chosen, in [0, 1]; exactly round(sparsity * units) are, but one of each
     *     layer stays
     * @param scope over what units are ranked: all of them, or those of each layer
     */
    public record Amount(Criterion criterion, double sparsity, Selection.Scope scope) {
        /**
         * Checks the amount.
         *
         * @throws IllegalArgumentException if the criterion scores no rows, or the sparsity lies outside [0, 1]
         */
        public Amount {
            if (criterion != Criterion.MOVEMENT && criterion != Criterion.MAGNITUDE) {
                throw new IllegalArgumentException(
                        "units are ranked by movement or magnitude, the norm of their rows, not by " + criterion.id());
            }
            if (!(sparsity >= 0 && sparsity <= 1)) {
                throw new IllegalArgumentException("sparsity " + sparsity + " must be a fraction in [0, 1]");
            }
        }
    }

    /**
     * What was chosen.
     *
     * @param masks 1 = keep, by the names of the weights, in the order in which the model keeps them
     * @param units how many units could be chosen; those that have to go together count once
     * @param chosen how many were
     * @param silenced how many of them had the weights that read them zeroed too
     * @param leftAlone layers whose units could not be chosen, and why
     */
    public record Choice(Map<String, Mask> masks, int units, int chosen, int silenced, List<LeftAlone> leftAlone) {
        /** Copies the map and the list. */
        public Choice {
            masks = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(masks));
            leftAlone = List.copyOf(leftAlone);
        }
    }

    /** A class of units and its score. */
    private record Scored(int root, double score, Set<String> layers) {}

    private final OnnxCheckpoint model;
    private final Net net;
    private final Probe probe;
    private final Baseline baseline;
    private final Amount amount;
    private final Map<String, Constant> scored = new HashMap<>();
    private final List<LeftAlone> leftAlone = new ArrayList<>();

    private StructuredUnits(OnnxCheckpoint model, Net net, Probe probe, Baseline baseline, Amount amount) {
        this.model = model;
        this.net = net;
        this.probe = probe;
        this.baseline = baseline;
        this.amount = amount;
    }

    /**
     * Chooses units.
     *
     * @param model an open model
     * @param baseline its initial values; {@link Baseline#none} will do for magnitude
     * @param amount how many and by what
     * @param names whether the weights of a name may be pruned
     * @param threads threads of ONNX Runtime, >= 1
     * @return what was chosen; no masks where nothing can be, with the reason
     * @throws IOException if reading fails or ONNX Runtime cannot run the model
     */
    public static Choice choose(
            OnnxCheckpoint model, Baseline baseline, Amount amount, Predicate<String> names, int threads)
            throws IOException {
        try {
            Net net = Net.read(model);
            return new StructuredUnits(model, net, Probe.of(net, threads), baseline, amount).choose(names);
        } catch (ObstacleException e) {
            LeftAlone all = new LeftAlone("model", 0, String.valueOf(e.getMessage()));
            return new Choice(Map.of(), 0, 0, 0, List.of(all));
        }
    }

    private Choice choose(Predicate<String> names) throws IOException {
        Channels channels = ChannelWalk.of(net, probe);
        Map<Edit, String> refused = new HashMap<>();
        for (Edit edit : channels.edits()) {
            String problem = edit.kind() == Edit.Kind.MAKE ? problem(edit, names) : null;
            if (problem != null) {
                refused.put(edit, problem);
                leftAlone.add(new LeftAlone(edit.node().label(), edit.units().length, problem));
            }
        }
        channels.blocked().forEach((layer, reason) -> leftAlone.add(new LeftAlone(layer, 0, reason)));
        Touches touches = new Touches(channels);
        List<Scored> candidates = new ArrayList<>();
        for (int root : touches.readClasses()) {
            boolean allowed = channels.units().pinned(root) == null
                    && touches.made(root).stream()
                            .anyMatch(touch -> touch.edit().kind() == Edit.Kind.MAKE)
                    && touches.made(root).stream().noneMatch(touch -> refused.containsKey(touch.edit()));
            if (allowed) {
                candidates.add(score(root, touches.made(root)));
            }
        }
        Set<Integer> chosen = pick(candidates, sizes(channels));
        return masks(touches, chosen, candidates.size());
    }

    private @Nullable String problem(Edit edit, Predicate<String> names) throws IOException {
        String weight = edit.node().input(1);
        Optional<TensorView> stored = model.find(weight);
        if (stored.isEmpty()) {
            return "the weights '" + weight + "' are computed";
        }
        if (!names.test(weight)) {
            return "the weights '" + weight + "' are not to be pruned";
        }
        Constant scores = net.constant(weight);
        if (amount.criterion() == Criterion.MOVEMENT && scores != null) {
            scores = movement(weight, scores, edit.axis());
        }
        if (scores == null) {
            return "no initial values are known of the weights '" + weight + "'";
        }
        scored.put(weight, scores);
        return null;
    }

    /** w - w0 in the order of the file; null where w0 is not known. */
    private @Nullable Constant movement(String weight, Constant trained, int outAxis) throws IOException {
        Baseline.Initial initial = baseline.find(weight).orElse(null);
        if (initial == null || initial.values().shape().elements() != trained.data().length) {
            return null;
        }
        float[] w0 = new float[trained.data().length];
        initial.values().fill(0, w0, 0, w0.length);
        Constant moved = trained.copy();
        int units = trained.dim(outAxis);
        int rest = w0.length / Math.max(1, units);
        for (int k = 0; k < w0.length; k++) {
            moved.data()[k] -= outAxis == 0 ? w0[k] : w0[k % units * rest + k / units];
        }
        return moved;
    }

    private Scored score(int root, List<Touch> made) {
        double squares = 0;
        long count = 0;
        Set<String> layers = new HashSet<>();
        for (Touch touch : made) {
            Constant scores = scored.get(touch.edit().node().input(1));
            if (touch.edit().kind() == Edit.Kind.MAKE && scores != null) {
                for (int at : touch.at()) {
                    squares += scores.squares(touch.edit().axis(), at);
                    count += scores.data().length / scores.dim(touch.edit().axis());
                }
                layers.add(touch.edit().node().label());
            }
        }
        return new Scored(root, Math.sqrt(squares / Math.max(1, count)), layers);
    }

    private static Map<String, Integer> sizes(Channels channels) {
        Map<String, Integer> sizes = new HashMap<>();
        for (Layer layer : channels.layers()) {
            long classes = Arrays.stream(layer.units())
                    .map(channels.units()::find)
                    .distinct()
                    .count();
            sizes.put(layer.node().label(), (int) classes);
        }
        return sizes;
    }

    private Set<Integer> pick(List<Scored> candidates, Map<String, Integer> left) {
        Map<String, List<Scored>> groups = new LinkedHashMap<>();
        for (Scored one : candidates) {
            String group = amount.scope() == Selection.Scope.GLOBAL
                    ? ""
                    : one.layers().stream().sorted().findFirst().orElse("");
            groups.computeIfAbsent(group, key -> new ArrayList<>()).add(one);
        }
        Set<Integer> chosen = new HashSet<>();
        groups.values().forEach(group -> {
            long wanted = Math.round(amount.sparsity() * group.size());
            group.sort(Comparator.comparingDouble(Scored::score).thenComparingInt(Scored::root));
            for (Scored one : group) {
                if (wanted > 0 && one.layers().stream().allMatch(layer -> left.getOrDefault(layer, 0) > 1)) {
                    one.layers().forEach(layer -> left.merge(layer, -1, Integer::sum));
                    chosen.add(one.root());
                    wanted--;
                }
            }
        });
        return chosen;
    }

    private Choice masks(Touches touches, Set<Integer> chosen, int units) throws IOException {
        Map<String, Constant> kept = new LinkedHashMap<>();
        for (int root : chosen) {
            for (Touch touch : touches.made(root)) {
                if (touch.edit().kind() == Edit.Kind.MAKE) {
                    zero(kept, touch);
                }
            }
        }
        Channels channels = ChannelWalk.of(zeroed(kept), probe);
        Touches after = new Touches(channels);
        int silenced = 0;
        for (int root : chosen) {
            List<Touch> reads = after.read(root);
            if (!reads.stream().allMatch(touch -> folds(channels, touch))) {
                reads.forEach(touch -> zero(kept, touch));
                silenced++;
            }
        }
        Map<String, Mask> masks = new LinkedHashMap<>();
        for (TensorView tensor : model.tensors()) {
            Constant bits = kept.get(tensor.info().name());
            if (bits != null) {
                BitSet set = new BitSet();
                for (int k = 0; k < bits.data().length; k++) {
                    set.set(k, bits.data()[k] != 0);
                }
                masks.put(tensor.info().name(), Mask.of(tensor.info().shape(), at -> set.get((int) at)));
            }
        }
        return new Choice(masks, units, chosen.size(), silenced, leftAlone);
    }

    private void zero(Map<String, Constant> kept, Touch touch) {
        String weight = touch.edit().node().input(1);
        Constant bits = kept.computeIfAbsent(weight, key -> {
            Constant trained = net.constant(key);
            Constant ones = trained == null ? Constant.vector(0) : trained.copy();
            Arrays.fill(ones.data(), 1);
            return ones;
        });
        for (int at : touch.at()) {
            bits.zero(touch.edit().axis(), at);
        }
    }

    /** The net with the weights that are not kept set to 0. */
    private Net zeroed(Map<String, Constant> kept) {
        Channels channels = ChannelWalk.of(net, probe);
        for (Layer layer : channels.layers()) {
            Constant bits = kept.get(layer.weight());
            Constant trained = net.constant(layer.weight());
            if (bits != null && trained != null) {
                Constant pruned = trained.copy();
                for (int k = 0; k < pruned.data().length; k++) {
                    pruned.data()[k] = bits.data()[k] == 0 ? 0 : pruned.data()[k];
                }
                net.put(layer.node(), 1, pruned);
            }
        }
        return net;
    }

    /** Whether a unit whose weights are 0 is constant where it is read, and the constant can go into a bias. */
    private boolean folds(Channels channels, Touch touch) {
        GraphNode node = touch.edit().node();
        Layout layout = channels.layout(touch.edit().input());
        boolean pads = node.operator().equals("Conv") && Attributes.pads(node);
        return layout != null
                && !pads
                && Biases.problem(net, node) == null
                && Arrays.stream(touch.at()).allMatch(at -> layout.constant()[at]);
    }
}
