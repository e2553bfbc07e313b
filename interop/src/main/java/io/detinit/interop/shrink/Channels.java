package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The units of a net, where each of them is made, changed and read, and what keeps it from going. Not thread-safe. */
final class Channels {

    private final Net net;
    private final Probe probe;
    private final Units units = new Units();
    private final List<Edit> edits = new ArrayList<>();
    private final List<Layer> layers = new ArrayList<>();
    private final Map<String, Layout> layouts = new HashMap<>();
    private final Map<String, String> blocked = new LinkedHashMap<>();

    Channels(Net net, Probe probe) {
        this.net = net;
        this.probe = probe;
    }

    Net net() {
        return net;
    }

    Probe probe() {
        return probe;
    }

    Units units() {
        return units;
    }

    List<Edit> edits() {
        return edits;
    }

    List<Layer> layers() {
        return layers;
    }

    Map<String, Layout> layouts() {
        return layouts;
    }

    /** Why layers make no units that could be looked at, by what they are called. */
    Map<String, String> blocked() {
        return blocked;
    }

    @Nullable
    Layout layout(String value) {
        return layouts.get(value);
    }

    void put(String value, Layout layout) {
        layouts.put(value, layout);
    }

    /** The axes of a value; null where they are not known. */
    long @Nullable [] shape(String value) {
        return probe.shape(net, value);
    }

    void pin(String value, String reason) {
        Layout layout = layouts.get(value);
        if (layout != null) {
            units.pin(layout.units(), reason);
        }
    }

    /** Pins what a node reads. */
    void pinInputs(GraphNode node, String why) {
        String reason = "read by " + node.describe() + ", " + why;
        node.inputs().forEach(input -> pin(input, reason));
    }

    void edit(Edit.Kind kind, GraphNode node, int slot, int axis, int[] along) {
        edits.add(new Edit(kind, node, slot, axis, along, ""));
    }

    /**
     * Notes a constant operand that is applied to units.
     *
     * @param rank the rank of the result
     * @param layout the units along an axis of it
     * @return whether it is one number for each unit; null where it does not fit
     */
    @Nullable
    Boolean carry(GraphNode node, int slot, int rank, Layout layout) {
        Constant constant = net.constant(node.input(slot));
        if (constant == null || constant.rank() > rank) {
            return null;
        }
        int axis = layout.axis() - (rank - constant.rank());
        if (axis < 0 || constant.dims()[axis] == 1) {
            return constant.data().length == 1;
        }
        if (constant.dims()[axis] != layout.size()) {
            return null;
        }
        edit(Edit.Kind.CARRY, node, slot, axis, layout.units());
        return constant.data().length == layout.size();
    }

    /** The constant that an input of a node is. */
    Constant constant(GraphNode node, int slot) {
        return Objects.requireNonNull(net.constant(node.input(slot)));
    }
}
