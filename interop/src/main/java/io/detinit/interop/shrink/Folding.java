package io.detinit.interop.shrink;

import io.detinit.interop.shrink.Touches.Touch;
import io.detinit.interop.verify.ObservedOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes units that are constant, or copies of others, units that nobody reads: what a constant contributes goes into the next
 * bias, what a copy contributes to the weights that read the first of its kind.
 */
final class Folding {

    private static final double SPREAD = 1e-6;

    private final Channels channels;
    private final Net net;
    private final Touches touches;
    private final Ledger ledger;
    private final Map<GraphNode, Constant> weights = new HashMap<>();
    private final Map<GraphNode, double[]> sums = new HashMap<>();

    Folding(Channels channels, Touches touches, Ledger ledger) {
        this.channels = channels;
        this.net = channels.net();
        this.touches = touches;
        this.ledger = ledger;
    }

    /**
     * Folds what is constant.
     *
     * @return whether anything was
     */
    boolean constants(int threads) throws IOException {
        List<Integer> candidates = touches.readClasses().stream()
                .filter(root -> channels.units().pinned(root) == null
                        && isRead(root)
                        && touches.read(root).stream().allMatch(this::isConstant))
                .toList();
        Set<String> inputs = new LinkedHashSet<>();
        candidates.forEach(root ->
                touches.read(root).forEach(touch -> inputs.add(touch.edit().input())));
        Map<String, double[]> values = new HashMap<>();
        channels.probe()
                .observe(net, inputs, threads, output -> values.put(output.name(), values(output, layout(output))));
        boolean folded = false;
        for (int root : candidates) {
            String problem = problem(root, values);
            if (problem == null) {
                fold(root, values);
                ledger.note(channels, root, Ledger.Reason.CONSTANT);
                folded = true;
            } else {
                ledger.keep(channels, root, problem);
            }
        }
        commit();
        return folded;
    }

    private Layout layout(ObservedOutput output) {
        return Objects.requireNonNull(channels.layout(output.name()));
    }

    /** Whether any weight that reads a class of units is not 0. */
    private boolean isRead(int root) {
        return touches.read(root).stream().anyMatch(touch -> {
            Edit edit = touch.edit();
            Constant read = channels.constant(edit.node(), edit.slot());
            return Arrays.stream(touch.at()).anyMatch(at -> !read.isZero(edit.axis(), at));
        });
    }

    private boolean isConstant(Touch touch) {
        Layout layout = Objects.requireNonNull(channels.layout(touch.edit().input()));
        return Arrays.stream(touch.at()).allMatch(at -> layout.constant()[at]);
    }

    /** The number at each index of the axis of units; NaN where it was not one and the same. */
    private static double[] values(ObservedOutput output, Layout layout) {
        int inner = 1;
        for (int axis = layout.axis() + 1; axis < output.shape().size(); axis++) {
            inner = Math.multiplyExact(inner, Math.toIntExact(output.shape().get(axis)));
        }
        double[] lowest = new double[layout.size()];
        double[] highest = new double[layout.size()];
        Arrays.fill(lowest, Double.POSITIVE_INFINITY);
        Arrays.fill(highest, Double.NEGATIVE_INFINITY);
        for (int k = 0; k < output.values().length; k++) {
            int at = k / inner % layout.size();
            lowest[at] = Math.min(lowest[at], output.values()[k]);
            highest[at] = Math.max(highest[at], output.values()[k]);
        }
        for (int at = 0; at < lowest.length; at++) {
            boolean same = highest[at] - lowest[at] <= SPREAD * Math.max(1, Math.abs(lowest[at]));
            lowest[at] = same ? lowest[at] : Double.NaN;
        }
        return lowest;
    }

    /** Why a constant cannot be folded; null where it can. */
    private @Nullable String problem(int root, Map<String, double[]> values) {
        for (Touch touch : touches.read(root)) {
            GraphNode node = touch.edit().node();
            double[] known = values.get(touch.edit().input());
            if (Biases.problem(net, node) != null) {
                return Biases.problem(net, node);
            }
            for (int at : touch.at()) {
                double value = known == null ? Double.NaN : known[at];
                if (!Double.isFinite(value)) {
                    return "constant by its weights, but not one finite number when it runs";
                }
                if (value != 0 && node.operator().equals("Conv") && Attributes.pads(node)) {
                    return "constant, but not 0 and read by the padded convolution " + node.describe()
                            + ", where borders differ";
                }
            }
        }
        return null;
    }

    private void fold(int root, Map<String, double[]> values) {
        for (Touch touch : touches.read(root)) {
            GraphNode node = touch.edit().node();
            Constant read = work(node);
            int outAxis = Biases.outAxis(node);
            double[] sum = sums.computeIfAbsent(node, key -> new double[read.dim(outAxis)]);
            double[] known = Objects.requireNonNull(values.get(touch.edit().input()));
            for (int at : touch.at()) {
                read.addSums(touch.edit().axis(), at, known[at], outAxis, sum);
                read.zero(touch.edit().axis(), at);
            }
        }
    }

    private Constant work(GraphNode node) {
        return weights.computeIfAbsent(node, key -> channels.constant(key, 1).copy());
    }

    private void commit() {
        weights.forEach((node, changed) -> net.put(node, 1, changed));
        sums.forEach((node, sum) -> Biases.add(net, node, sum));
    }

    /**
     * Merges units that are copies of one another.
     *
     * @return whether any were
     */
    boolean copies() {
        Map<Long, List<Integer>> byHash = new HashMap<>();
        boolean merged = false;
        for (int root : touches.readClasses()) {
            if (channels.units().pinned(root) != null || !isMadeOnce(root) || !isRead(root)) {
                continue;
            }
            List<Integer> alike = byHash.computeIfAbsent(hash(root), key -> new ArrayList<>());
            Integer first = alike.stream()
                    .filter(other -> same(other, root))
                    .findFirst()
                    .orElse(null);
            if (first == null) {
                alike.add(root);
            } else {
                merge(first, root);
                ledger.note(channels, root, Ledger.Reason.COPY);
                merged = true;
            }
        }
        commit();
        return merged;
    }

    /** No two rows of one layer have to go together. */
    private boolean isMadeOnce(int root) {
        return touches.made(root).stream()
                .allMatch(touch -> touch.edit().kind() != Edit.Kind.MAKE || touch.at().length == 1);
    }

    private long hash(int root) {
        long hash = 0;
        for (Touch touch : touches.made(root)) {
            Edit edit = touch.edit();
            Constant constant = channels.constant(edit.node(), edit.slot());
            for (int at : touch.at()) {
                hash = 31 * hash + constant.hash(edit.axis(), at);
            }
        }
        return hash;
    }

    private boolean same(int first, int second) {
        return sameTouches(touches.made(first), touches.made(second), true)
                && sameTouches(touches.read(first), touches.read(second), false);
    }

    private boolean sameTouches(List<Touch> first, List<Touch> second, boolean values) {
        boolean same = first.size() == second.size();
        for (int k = 0; same && k < first.size(); k++) {
            Edit edit = first.get(k).edit();
            int[] a = first.get(k).at();
            int[] b = second.get(k).at();
            same = edit.equals(second.get(k).edit()) && a.length == b.length;
            if (same && values) {
                Constant constant = channels.constant(edit.node(), edit.slot());
                for (int at = 0; same && at < a.length; at++) {
                    same = constant.sameSlices(edit.axis(), a[at], b[at]);
                }
            }
        }
        return same;
    }

    private void merge(int first, int copy) {
        for (int k = 0; k < touches.read(copy).size(); k++) {
            Touch to = touches.read(first).get(k);
            Touch from = touches.read(copy).get(k);
            Constant read = work(from.edit().node());
            for (int at = 0; at < from.at().length; at++) {
                read.add(from.edit().axis(), to.at()[at], from.at()[at]);
                read.zero(from.edit().axis(), from.at()[at]);
            }
        }
    }
}
