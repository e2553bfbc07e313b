package io.detinit.interop.shrink;

import java.util.stream.LongStream;

/**
 * What a model costs.
 *
 * @param macs multiplications and additions of one sample in Conv, ConvTranspose, Gemm and MatMul; free axes beside the batch count
 *     as 1
 * @param parameters floating-point numbers that the file holds as initializers
 * @param bytes the size of its files
 */
public record Cost(long macs, long parameters, long bytes) {

    static Cost of(Net net, Probe probe, long bytes) {
        long macs = 0;
        for (GraphNode node : net.nodes()) {
            if (node.isStandard()) {
                macs += macs(net, probe, node);
            }
        }
        return new Cost(macs / probe.batch(), net.parameters(), bytes);
    }

    private static long macs(Net net, Probe probe, GraphNode node) {
        String operator = node.operator();
        boolean transposed = operator.equals("ConvTranspose");
        boolean convolution = operator.equals("Conv") || transposed;
        boolean product = operator.equals("Gemm") || operator.equals("MatMul");
        if (!(convolution || product) || node.inputCount() < 2 || node.outputCount() < 1) {
            return 0;
        }
        long[] first = probe.shape(net, node.input(0));
        long[] second = probe.shape(net, node.input(1));
        long[] made = probe.shape(net, node.output(0));
        if (first == null || second == null || made == null || first.length == 0 || second.length == 0) {
            return 0;
        }
        if (convolution) {
            long each = LongStream.of(second).skip(1).reduce(1, Math::multiplyExact);
            return Math.multiplyExact(LongStream.of(transposed ? first : made).reduce(1, Math::multiplyExact), each);
        }
        boolean turned = Attributes.integer(node, "transA", 0) != 0;
        long inner = turned ? first[0] : first[first.length - 1];
        return Math.multiplyExact(LongStream.of(made).reduce(1, Math::multiplyExact), inner);
    }
}
