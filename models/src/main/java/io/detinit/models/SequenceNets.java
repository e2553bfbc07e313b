package io.detinit.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import java.util.List;

/**
 * The reference networks for vectors, [N, inputs], and sequences, [N, T, width].
 *
 * <p>Stateless; safe for use by many threads.
 */
final class SequenceNets {

    private SequenceNets() {}

    /** A multi-layer perceptron with biases and ReLU between the layers; widths are inputs, hidden layers, outputs. */
    static SequentialBlock perceptron(List<Integer> widths) {
        SequentialBlock block = new SequentialBlock().add(Blocks.batchFlattenBlock(widths.get(0)));
        for (int k = 1; k < widths.size(); k++) {
            block.add(linear(widths.get(k)));
            if (k < widths.size() - 1) {
                block.add(Activation.reluBlock());
            }
        }
        return block;
    }

    /** Stacked recurrent layers; the last time step goes through a Linear. */
    static SequentialBlock recurrent(boolean lstm, List<Integer> hidden, int outputs) {
        SequentialBlock block = new SequentialBlock();
        for (int size : hidden) {
            block.add(
                    lstm
                            ? LSTM.builder().setStateSize(size).setNumLayers(1).build()
                            : GRU.builder().setStateSize(size).setNumLayers(1).build());
        }
        return block.add(LambdaBlock.singleton(x -> x.get(":, -1"), "lastTimeStep"))
                .add(linear(outputs));
    }

    /**
     * An encoder (Vaswani et al. 2017) with its norms before attention and feed-forward (Xiong et al. 2020): embedding by a Linear,
     * sinusoidal positions, layers, a last norm, the mean over time, a Linear. No dropout.
     */
    static SequentialBlock transformer(int width, int heads, int layers, int outputs) {
        SequentialBlock block = new SequentialBlock()
                .add(linear(width))
                .add(LambdaBlock.singleton(SequenceNets::addPositions, "sinusoidalPositions"));
        for (int k = 0; k < layers; k++) {
            block.add(Residual.around(new SequentialBlock()
                            .add(norm())
                            .add(ScaledDotProductAttentionBlock.builder()
                                    .setEmbeddingSize(width)
                                    .setHeadCount(heads)
                                    .optAttentionProbsDropoutProb(0)
                                    .build())))
                    .add(Residual.around(new SequentialBlock()
                            .add(norm())
                            .add(linear(4 * width))
                            .add(Activation.reluBlock())
                            .add(linear(width))));
        }
        return block.add(norm())
                .add(LambdaBlock.singleton(x -> x.mean(new int[] {1}), "meanOverTime"))
                .add(linear(outputs));
    }

    /** x + P, P[t][2k] = sin(t / 10000^(2k / width)), P[t][2k + 1] the cosine (Vaswani et al. 2017, section 3.5). */
    private static NDArray addPositions(NDArray x) {
        int steps = Math.toIntExact(x.getShape().get(1));
        int width = Math.toIntExact(x.getShape().get(2));
        try (NDArray positions = x.getManager().create(positions(steps, width), new Shape(1, steps, width))) {
            return x.add(positions);
        }
    }

    /** float32 [steps, width], row-major, each from StrictMath in double. */
    static float[] positions(int steps, int width) {
        float[] values = new float[Math.multiplyExact(steps, width)];
        for (int t = 0; t < steps; t++) {
            for (int k = 0; k < width; k++) {
                double angle = t / StrictMath.pow(10000, (k - k % 2) / (double) width);
                values[t * width + k] = (float) (k % 2 == 0 ? StrictMath.sin(angle) : StrictMath.cos(angle));
            }
        }
        return values;
    }

    private static Block norm() {
        return LayerNorm.builder().axis(2).build();
    }

    private static Block linear(int units) {
        return Linear.builder().setUnits(units).build();
    }
}
