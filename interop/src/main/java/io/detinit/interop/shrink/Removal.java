package io.detinit.interop.shrink;

import io.detinit.interop.shrink.Touches.Touch;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/** Removes units that nobody reads. */
final class Removal {

    private final Channels channels;
    private final Net net;
    private final Touches touches;

    Removal(Channels channels, Touches touches) {
        this.channels = channels;
        this.net = channels.net();
        this.touches = touches;
    }

    /**
     * Removes all units that nobody reads but the last of each layer.
     *
     * @return whether there were any
     */
    boolean apply(Ledger ledger) {
        Set<Integer> going = new HashSet<>();
        for (int root : touches.readClasses()) {
            if (channels.units().pinned(root) == null
                    && !touches.made(root).isEmpty()
                    && touches.read(root).stream().allMatch(this::isZero)) {
                going.add(root);
            }
        }
        for (Edit edit : channels.edits()) {
            if (!going.isEmpty() && Arrays.stream(edit.units()).allMatch(unit -> going.contains(find(unit)))) {
                int last = find(edit.units()[0]);
                going.remove(last);
                ledger.keep(channels, last, "nobody reads it, but it is the last unit of its layer");
            }
        }
        going.forEach(root -> ledger.remove(channels, root));
        if (!going.isEmpty()) {
            channels.edits().forEach(edit -> select(edit, going));
            channels.layouts().forEach((value, layout) -> {
                if (Arrays.stream(layout.units()).anyMatch(unit -> going.contains(find(unit)))) {
                    net.changedShape(value);
                }
            });
            ledger.settle();
        }
        return !going.isEmpty();
    }

    private int find(int unit) {
        return channels.units().find(unit);
    }

    private boolean isZero(Touch touch) {
        Edit edit = touch.edit();
        Constant read = channels.constant(edit.node(), edit.slot());
        return Arrays.stream(touch.at()).allMatch(at -> read.isZero(edit.axis(), at));
    }

    private void select(Edit edit, Set<Integer> going) {
        int[] keep = java.util.stream.IntStream.range(0, edit.units().length)
                .filter(k -> !going.contains(find(edit.units()[k])))
                .toArray();
        if (keep.length == edit.units().length) {
            return;
        }
        GraphNode node = edit.node();
        switch (edit.kind()) {
            case TARGET -> {
                long[] target = Objects.requireNonNull(net.integers(node.input(edit.slot())))
                        .clone();
                target[edit.axis()] = keep.length;
                net.put(node, edit.slot(), new long[] {target.length}, target);
            }
            case GROUPS -> Attributes.set(node, "group", keep.length);
            default ->
                net.put(node, edit.slot(), channels.constant(node, edit.slot()).select(edit.axis(), keep));
        }
    }
}
