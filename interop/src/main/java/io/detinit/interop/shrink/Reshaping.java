package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Operators that put units elsewhere. */
final class Reshaping {

    private final Channels channels;
    private final Net net;

    Reshaping(Channels channels) {
        this.channels = channels;
        this.net = channels.net();
    }

    /** The layout after a reshape of known shapes; null where units would not lie along one axis. */
    private static @Nullable Layout moved(Layout in, long[] from, long[] to) {
        int axis = in.axis();
        if (axis == from.length - 1 && to.length > 0 && to[to.length - 1] == from[axis] && rows(from) == rows(to)) {
            return in.at(to.length - 1);
        }
        if (axis != 1 || to.length < 2 || from[0] != to[0]) {
            return null;
        }
        if (to[1] == from[1]) {
            return in;
        }
        long inner = LongStream.of(from).skip(2).reduce(1, Math::multiplyExact);
        return to.length == 2 && to[1] == from[1] * inner ? repeated(in, Math.toIntExact(inner)) : null;
    }

    private static long rows(long[] shape) {
        return LongStream.of(shape).limit(shape.length - 1L).reduce(1, Math::multiplyExact);
    }

    private static Layout repeated(Layout in, int times) {
        int[] units = new int[Math.multiplyExact(in.size(), times)];
        boolean[] constant = new boolean[units.length];
        for (int k = 0; k < units.length; k++) {
            units[k] = in.units()[k / times];
            constant[k] = in.constant()[k / times];
        }
        return new Layout(in.axis(), units, constant);
    }

    private @Nullable Layout moved(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        long[] from = channels.shape(node.input(0));
        long[] to = channels.shape(node.output(0));
        return in == null || from == null || to == null ? null : moved(in, from, to);
    }

    void flatten(GraphNode node) {
        if (channels.layout(node.input(0)) == null) {
            return;
        }
        Layout moved = moved(node);
        if (moved == null || channels.probe().hasFreeAxes() || Attributes.integer(node, "axis", 1) != 1) {
            channels.pinInputs(node, "of a shape that is not known or along another axis");
        } else {
            channels.put(node.output(0), moved);
        }
    }

    void reshape(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        if (in == null) {
            return;
        }
        Layout moved = moved(node);
        if (moved == null || channels.probe().hasFreeAxes() || node.inputCount() < 2) {
            channels.pinInputs(node, "which puts units beside other axes or makes a shape that is not known");
            return;
        }
        String target = node.input(1);
        long[] known = net.integers(target);
        long[] seen = known == null ? channels.probe().integers(target) : known;
        boolean copied = Attributes.integer(node, "allowzero", 0) == 0;
        if (seen == null || moved.axis() >= seen.length) {
            channels.pinInputs(node, "to a shape that is computed");
        } else if (seen[moved.axis()] == -1 || (seen[moved.axis()] == 0 && copied && in.axis() == moved.axis())) {
            channels.put(node.output(0), moved);
        } else if (known != null && known[moved.axis()] > 0) {
            channels.edit(Edit.Kind.TARGET, node, 1, moved.axis(), moved.units());
            channels.put(node.output(0), moved);
        } else {
            channels.pinInputs(node, "to a shape that is computed");
        }
    }

    void squeeze(GraphNode node) {
        if (channels.layout(node.input(0)) == null) {
            return;
        }
        boolean explicit = !Attributes.integers(node, "axes").isEmpty() || node.inputCount() > 1;
        Layout moved = moved(node);
        if (moved == null || !explicit || channels.probe().hasFreeAxes()) {
            channels.pinInputs(node, "which moves the axis of units");
        } else {
            channels.put(node.output(0), moved);
        }
    }

    void transpose(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        long[] shape = channels.shape(node.input(0));
        if (in == null || shape == null) {
            channels.pinInputs(node, "of an unknown shape");
            return;
        }
        List<Long> permutation = Attributes.integers(node, "perm");
        int axis = permutation.isEmpty() ? shape.length - 1 - in.axis() : permutation.indexOf((long) in.axis());
        channels.put(node.output(0), in.at(axis));
    }

    void reduce(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        long[] shape = channels.shape(node.input(0));
        if (in == null || shape == null) {
            return;
        }
        long[] axes = Attributes.integers(node, "axes").stream()
                .mapToLong(Long::longValue)
                .toArray();
        if (axes.length == 0 && node.inputCount() > 1) {
            long[] known = net.integers(node.input(1));
            axes = known == null ? new long[0] : known;
        }
        boolean behind = axes.length > 0
                && Arrays.stream(axes)
                        .map(axis -> axis < 0 ? axis + shape.length : axis)
                        .allMatch(axis -> axis > in.axis());
        if (behind) {
            channels.put(node.output(0), in);
        } else {
            channels.pinInputs(node, "which reduces over units or over the axes before them");
        }
    }

    void concat(GraphNode node) {
        long[] shape = channels.shape(node.output(0));
        List<Layout> layouts = new ArrayList<>();
        node.inputs().forEach(input -> {
            Layout layout = channels.layout(input);
            if (layout != null) {
                layouts.add(layout);
            }
        });
        if (layouts.isEmpty()) {
            return;
        }
        int rank = shape == null ? 0 : shape.length;
        long along = Attributes.integer(node, "axis", 0);
        int axis = (int) (along < 0 ? along + rank : along);
        int own = layouts.get(0).axis();
        boolean followed = rank > 0 && layouts.stream().allMatch(layout -> layout.axis() == own);
        if (!followed) {
            channels.pinInputs(node, "which puts units beside other axes");
        } else if (axis == own) {
            joined(node, axis);
        } else {
            besides(node, layouts);
        }
    }

    /** Units behind units; what makes no units counts as units that stay. */
    private void joined(GraphNode node, int axis) {
        List<Layout> parts = new ArrayList<>();
        for (String input : node.inputs()) {
            Layout layout = channels.layout(input);
            long[] shape = channels.shape(input);
            if (layout == null && shape != null) {
                int[] units = channels.units().add(Math.toIntExact(shape[axis]));
                channels.units().pin(units, "'" + input + "' comes from no layer that is followed");
                layout = new Layout(axis, units, new boolean[units.length]);
            }
            if (layout == null) {
                channels.pinInputs(node, "of a shape that is not known");
                return;
            }
            parts.add(layout);
        }
        int size = parts.stream().mapToInt(Layout::size).sum();
        int[] units = new int[size];
        boolean[] constant = new boolean[size];
        int at = 0;
        for (Layout part : parts) {
            System.arraycopy(part.units(), 0, units, at, part.size());
            System.arraycopy(part.constant(), 0, constant, at, part.size());
            at += part.size();
        }
        channels.put(node.output(0), new Layout(axis, units, constant));
    }

    /** The same units along another axis. */
    private void besides(GraphNode node, List<Layout> layouts) {
        Layout first = layouts.get(0);
        boolean same = layouts.size() == node.inputCount();
        for (Layout layout : layouts) {
            same &= layout.size() == first.size();
        }
        if (!same) {
            channels.pinInputs(node, "beside values that are no units");
            return;
        }
        for (Layout layout : layouts) {
            for (int k = 0; k < first.size(); k++) {
                channels.units().join(first.units()[k], layout.units()[k]);
            }
        }
        channels.put(node.output(0), first.varying());
    }

    /** The shape of units may be asked for, but not how many they are. */
    void shape(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        if (in == null) {
            return;
        }
        String output = node.output(0);
        boolean harmless = !net.outputs().contains(output)
                && !net.isCaptured(output)
                && node.attributes().isEmpty()
                && net.readers(output).stream().allMatch(reader -> takesOther(reader, in.axis()));
        if (!harmless) {
            channels.pinInputs(node, "which counts them");
        }
    }

    private boolean takesOther(GraphNode reader, int axis) {
        if (!reader.operator().equals("Gather")) {
            return false;
        }
        long[] indices = net.integers(reader.input(1));
        return indices != null && Arrays.stream(indices).allMatch(index -> index >= 0 && index != axis);
    }
}
