package io.detinit.interop.shrink;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is added to the results of Gemm, MatMul and Conv. */
final class Biases {

    private Biases() {}

    /** The axis of the weights along which the results lie. */
    static int outAxis(GraphNode node) {
        boolean turned = node.operator().equals("Gemm") && Attributes.integer(node, "transB", 0) != 0;
        return node.operator().equals("Conv") || turned ? 0 : 1;
    }

    private static boolean hasBias(GraphNode node) {
        return !node.operator().equals("MatMul")
                && node.inputCount() > 2
                && !node.input(2).isEmpty();
    }

    /** Why nothing can be added to a bias; null where it can. */
    static @Nullable String problem(Net net, GraphNode node) {
        if (!hasBias(node)) {
            return null;
        }
        Constant bias = net.constant(node.input(2));
        Constant weights = net.constant(node.input(1));
        boolean plain =
                bias != null && weights != null && (bias.data().length == 1 || isRow(bias, weights.dim(outAxis(node))));
        return plain ? null : "constant, but the bias of " + node.describe() + " is not one number a unit";
    }

    private static boolean isRow(Constant bias, int length) {
        return bias.rank() > 0 && bias.data().length == length && bias.dim(bias.rank() - 1) == length;
    }

    /** Adds a number for each result, before the factors of a Gemm are applied. */
    static void add(Net net, GraphNode node, double[] sum) {
        switch (node.operator()) {
            case "Gemm" -> gemm(net, node, sum);
            case "MatMul" -> product(net, node, sum);
            default -> add(net, node, 2, sum, 1);
        }
    }

    private static void gemm(Net net, GraphNode node, double[] sum) {
        float alpha = Attributes.number(node, "alpha", 1);
        float beta = Attributes.number(node, "beta", 1);
        if (beta == 0 || !hasBias(node)) {
            Attributes.set(node, "beta", 1f);
            if (hasBias(node)) {
                node.setInput(2, "");
            }
            beta = 1;
        }
        add(net, node, 2, sum, (double) alpha / beta);
    }

    private static void add(Net net, GraphNode node, int slot, double[] sum, double factor) {
        Constant before = net.constant(node.input(slot));
        Constant after =
                before != null && before.data().length == sum.length ? before.copy() : Constant.vector(sum.length);
        for (int k = 0; k < sum.length; k++) {
            double old = before == null ? 0 : before.data()[before.data().length == 1 ? 0 : k];
            after.data()[k] = (float) (old + factor * sum[k]);
        }
        net.put(node, slot, after);
    }

    /** A MatMul has no bias: the Add behind it is changed, or one is put there. */
    private static void product(Net net, GraphNode node, double[] sum) {
        String output = node.output(0);
        List<GraphNode> readers = net.readers(output);
        if (net.uses(output) == 1
                && readers.size() == 1
                && readers.get(0).operator().equals("Add")) {
            GraphNode add = readers.get(0);
            int slot = add.input(0).equals(output) ? 1 : 0;
            Constant bias = net.constant(add.input(slot));
            if (bias != null && isRow(bias, sum.length)) {
                add(net, add, slot, sum, 1);
                return;
            }
        }
        String product = net.fresh(output + ".product");
        node.setOutput(0, product);
        GraphNode add = GraphNode.of("Add", output, product);
        net.insert(net.nodes().indexOf(node) + 1, add);
        add(net, add, 1, sum, 1);
    }
}
