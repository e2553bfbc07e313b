package io.detinit.interop.shrink;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Follows units from the layers that make them to those that read them, node by node. */
final class ChannelWalk {

    private static final Set<String> UNARY = Set.of(
            "Relu",
            "LeakyRelu",
            "Sigmoid",
            "Tanh",
            "Elu",
            "Selu",
            "Celu",
            "ThresholdedRelu",
            "HardSigmoid",
            "HardSwish",
            "Softplus",
            "Softsign",
            "Gelu",
            "Mish",
            "Swish",
            "Erf",
            "Abs",
            "Neg",
            "Exp",
            "Sqrt",
            "Identity");
    private static final Set<String> MICROSOFT_UNARY = Set.of("Gelu", "QuickGelu");
    private static final Set<String> NARY = Set.of("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Pow", "PRelu");
    private static final Set<String> GLOBAL = Set.of("GlobalAveragePool", "GlobalMaxPool");
    private static final Set<String> REDUCE = Set.of("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum");

    private final Channels channels;
    private final Net net;
    private final Elementwise elementwise;
    private final Reshaping reshaping;

    private ChannelWalk(Channels channels) {
        this.channels = channels;
        this.net = channels.net();
        this.elementwise = new Elementwise(channels);
        this.reshaping = new Reshaping(channels);
    }

    static Channels of(Net net, Probe probe) {
        Channels channels = new Channels(net, probe);
        ChannelWalk walk = new ChannelWalk(channels);
        net.nodes().forEach(walk::node);
        for (String value : channels.layouts().keySet()) {
            if (net.outputs().contains(value)) {
                channels.pin(value, "'" + value + "' is an output of the model");
            } else if (net.isCaptured(value)) {
                channels.pin(value, "'" + value + "' is used in the body of a node");
            }
        }
        return channels;
    }

    private void node(GraphNode node) {
        boolean own = node.isStandard();
        String operator = node.operator();
        if (!own) {
            if (node.domain().equals("com.microsoft") && MICROSOFT_UNARY.contains(operator)) {
                elementwise.unary(node);
            } else {
                channels.pinInputs(node, "an operator of " + node.domain() + " that is not followed");
            }
        } else if (UNARY.contains(operator)) {
            elementwise.unary(node);
        } else if (NARY.contains(operator)) {
            elementwise.nary(node);
        } else if (GLOBAL.contains(operator)) {
            elementwise.spatial(node, true);
        } else if (REDUCE.contains(operator)) {
            reshaping.reduce(node);
        } else {
            other(node, operator);
        }
    }

    private void other(GraphNode node, String operator) {
        switch (operator) {
            case "Gemm" -> gemm(node);
            case "MatMul" -> product(node, 1, 0);
            case "Conv" -> convolution(node);
            case "Clip" -> elementwise.withStaticRest(node);
            case "Dropout" -> elementwise.dropout(node);
            case "BatchNormalization" -> elementwise.normalization(node);
            case "MaxPool" -> elementwise.spatial(node, true);
            case "AveragePool" -> elementwise.spatial(node, averagesConstants(node));
            case "Flatten" -> reshaping.flatten(node);
            case "Reshape" -> reshaping.reshape(node);
            case "Squeeze", "Unsqueeze" -> reshaping.squeeze(node);
            case "Transpose" -> reshaping.transpose(node);
            case "Concat" -> reshaping.concat(node);
            case "Shape" -> reshaping.shape(node);
            default -> channels.pinInputs(node, "an operator that is not followed");
        }
    }

    /** Whether the mean of a constant is the constant: nothing around the input is counted. */
    private static boolean averagesConstants(GraphNode node) {
        boolean around = Attributes.pads(node) || Attributes.integer(node, "ceil_mode", 0) != 0;
        return !around || Attributes.integer(node, "count_include_pad", 0) == 0;
    }

    private void gemm(GraphNode node) {
        if (Attributes.integer(node, "transA", 0) != 0) {
            block(node, "transA is set");
            return;
        }
        boolean turned = Attributes.integer(node, "transB", 0) != 0;
        product(node, turned ? 0 : 1, turned ? 1 : 0);
    }

    /** Gemm and MatMul: x times weights, units along the last axis. */
    private void product(GraphNode node, int outAxis, int inAxis) {
        if (!net.isInitializer(node.input(1)) && !net.isStatic(node.input(1))) {
            channels.pinInputs(node, "a product of two computed values");
            return;
        }
        String problem = weightsProblem(node);
        Constant weights = problem == null ? channels.constant(node, 1) : null;
        long[] shape = channels.shape(node.output(0));
        if (weights == null || weights.rank() != 2 || shape == null || shape.length < 2) {
            block(node, problem == null ? "the weights are no matrix" : problem);
            return;
        }
        read(node, shape.length - 1, inAxis, weights);
        Layout made = make(node, shape.length - 1, outAxis, weights);
        if (node.inputCount() > 2 && !node.input(2).isEmpty()) {
            Boolean uniform = channels.carry(node, 2, shape.length, made);
            if (uniform == null || !uniform) {
                channels.units().pin(made.units(), "the bias of " + node.describe() + " is not one number a unit");
            }
        }
    }

    private void convolution(GraphNode node) {
        String problem = weightsProblem(node);
        Constant weights = problem == null ? channels.constant(node, 1) : null;
        long group = Attributes.integer(node, "group", 1);
        boolean biased = node.inputCount() > 2 && !node.input(2).isEmpty();
        if (weights == null || weights.rank() < 3) {
            block(node, problem == null ? "the weights are no kernels" : problem);
        } else if (biased && net.constant(node.input(2)) == null) {
            block(node, "the bias is computed or can be overridden");
        } else if (group == 1) {
            read(node, 1, 1, weights);
            Layout made = make(node, 1, 0, weights);
            if (biased) {
                channels.edit(Edit.Kind.CARRY, node, 2, 0, made.units());
            }
        } else {
            depthwise(node, weights, group, biased);
        }
    }

    private void depthwise(GraphNode node, Constant weights, long group, boolean biased) {
        Layout in = channels.layout(node.input(0));
        if (in == null || in.axis() != 1 || in.size() != group || weights.dim(0) != group) {
            block(node, "a convolution of " + group + " groups, not one for each channel");
            return;
        }
        channels.edit(Edit.Kind.CARRY, node, 1, 0, in.units());
        if (biased) {
            channels.edit(Edit.Kind.CARRY, node, 2, 0, in.units());
        }
        channels.edit(Edit.Kind.GROUPS, node, 0, 0, in.units());
        boolean pads = Attributes.pads(node);
        boolean[] constant = new boolean[in.size()];
        for (int k = 0; k < constant.length; k++) {
            constant[k] = weights.isZero(0, k) || (in.constant()[k] && !pads);
        }
        channels.put(node.output(0), new Layout(1, in.units(), constant));
    }

    /** Why the weights of a layer cannot be rewritten. */
    private @Nullable String weightsProblem(GraphNode node) {
        if (node.inputCount() < 2) {
            return "it has no weights";
        }
        String weights = node.input(1);
        String obstacle = net.obstacle(weights);
        if (obstacle != null) {
            return obstacle;
        }
        int uses = net.uses(weights);
        return uses > 1 ? "the weights '" + weights + "' are used " + uses + " times" : null;
    }

    private void block(GraphNode node, String reason) {
        channels.blocked().put(node.label(), reason);
        channels.pinInputs(node, reason);
    }

    private void read(GraphNode node, int axis, int inAxis, Constant weights) {
        String input = node.input(0);
        Layout in = channels.layout(input);
        if (in == null) {
            return;
        }
        if (in.axis() != axis || in.size() != weights.dim(inAxis)) {
            channels.pin(input, "read by " + node.describe() + " along another axis");
        } else {
            channels.edits().add(new Edit(Edit.Kind.READ, node, 1, inAxis, in.units(), input));
        }
    }

    private Layout make(GraphNode node, int axis, int outAxis, Constant weights) {
        int[] units = channels.units().add(weights.dim(outAxis));
        boolean[] constant = new boolean[units.length];
        for (int k = 0; k < constant.length; k++) {
            constant[k] = weights.isZero(outAxis, k);
        }
        channels.edit(Edit.Kind.MAKE, node, 1, outAxis, units);
        channels.layers().add(new Layer(node, node.input(1), Arrays.copyOf(units, units.length)));
        Layout made = new Layout(axis, units, constant);
        channels.put(node.output(0), made);
        return made;
    }
}
