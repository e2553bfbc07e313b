package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.List;

/** Operators that leave every unit where it is. */
final class Elementwise {

    private final Channels channels;
    private final Net net;

    Elementwise(Channels channels) {
        this.channels = channels;
        this.net = channels.net();
    }

    void unary(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        if (in != null) {
            channels.put(node.output(0), in);
        }
    }

    /** An operator whose other inputs are settings. */
    void withStaticRest(GraphNode node) {
        if (node.inputs().stream().skip(1).allMatch(net::isStatic)) {
            unary(node);
        } else {
            channels.pinInputs(node, "whose limits are computed");
        }
    }

    void dropout(GraphNode node) {
        boolean mask = node.outputCount() > 1 && net.uses(node.output(1)) > 0;
        if (mask || node.inputCount() > 2) {
            channels.pinInputs(node, "with its mask or in training mode");
        } else {
            unary(node);
        }
    }

    void normalization(GraphNode node) {
        Layout in = channels.layout(node.input(0));
        if (in == null) {
            return;
        }
        boolean plain = in.axis() == 1
                && node.inputCount() == 5
                && Attributes.integer(node, "training_mode", 0) == 0
                && Attributes.integer(node, "spatial", 1) == 1;
        for (int slot = 1; plain && slot < 5; slot++) {
            Constant constant = net.constant(node.input(slot));
            plain = constant != null && constant.rank() == 1 && constant.dim(0) == in.size();
        }
        for (int k = 1; plain && k < node.outputCount(); k++) {
            plain = net.uses(node.output(k)) == 0;
        }
        if (!plain) {
            channels.pinInputs(node, "whose parameters are computed, or which is in training mode");
            return;
        }
        for (int slot = 1; slot < 5; slot++) {
            channels.edit(Edit.Kind.CARRY, node, slot, 0, in.units());
        }
        boolean[] constant = in.constant().clone();
        Constant scale = channels.constant(node, 1);
        for (int k = 0; k < constant.length; k++) {
            constant[k] |= scale.data()[k] == 0;
        }
        channels.put(node.output(0), new Layout(in.axis(), in.units(), constant));
    }

    /** Pooling over the axes behind the channels. */
    void spatial(GraphNode node, boolean keepsConstants) {
        Layout in = channels.layout(node.input(0));
        if (in == null) {
            return;
        }
        boolean indices = node.outputCount() > 1 && net.uses(node.output(1)) > 0;
        if (in.axis() != 1 || indices) {
            channels.pinInputs(node, "which pools along them or hands its indices out");
        } else {
            channels.put(node.output(0), keepsConstants ? in : in.varying());
        }
    }

    /** Operators of two or more inputs, with broadcasting. */
    void nary(GraphNode node) {
        List<Layout> layouts = new ArrayList<>();
        List<Integer> constants = new ArrayList<>();
        long[] shape = channels.shape(node.output(0));
        boolean followed = shape != null
                && Attributes.find(node, "axis").isEmpty()
                && Attributes.integer(node, "broadcast", 0) == 0;
        for (int slot = 0; slot < node.inputCount(); slot++) {
            Layout layout = channels.layout(node.input(slot));
            long[] own = channels.shape(node.input(slot));
            if (layout != null && shape != null && own != null) {
                layouts.add(layout.at(layout.axis() + shape.length - own.length));
            } else if (net.constant(node.input(slot)) != null) {
                constants.add(slot);
            } else {
                followed = false;
            }
        }
        if (layouts.isEmpty()) {
            return;
        }
        Layout first = layouts.get(0);
        for (Layout layout : layouts) {
            followed &= layout.axis() == first.axis() && layout.size() == first.size();
        }
        if (!followed || shape == null || shape[first.axis()] != first.size()) {
            channels.pinInputs(node, "together with values that are no units of the same layout");
            return;
        }
        join(node, layouts, constants, shape.length);
    }

    private void join(GraphNode node, List<Layout> layouts, List<Integer> constants, int rank) {
        Layout first = layouts.get(0);
        boolean[] constant = first.constant().clone();
        for (Layout layout : layouts) {
            for (int k = 0; k < first.size(); k++) {
                channels.units().join(first.units()[k], layout.units()[k]);
                constant[k] &= layout.constant()[k];
            }
        }
        for (int slot : constants) {
            Boolean uniform = channels.carry(node, slot, rank, first);
            if (uniform == null) {
                channels.pinInputs(node, "whose constant '" + node.input(slot) + "' does not fit the units");
                return;
            }
            Constant operand = channels.constant(node, slot);
            boolean zeroes = node.operator().equals("Mul") && operand.data().length == first.size();
            for (int k = 0; k < constant.length; k++) {
                constant[k] = uniform && (constant[k] || (zeroes && operand.data()[k] == 0));
            }
        }
        channels.put(node.output(0), new Layout(first.axis(), first.units(), constant));
    }
}
