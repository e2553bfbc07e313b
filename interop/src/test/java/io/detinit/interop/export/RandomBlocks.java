package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.GhostBatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.nn.transformer.PointwiseFeedForwardBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** Random trees of Blocks on vectors, sequences and images, sequential and parallel, up to three levels deep. */
final class RandomBlocks {

    private static final int MAX_DEPTH = 3;

    private final Random random;

    RandomBlocks(long seed) {
        this.random = new Random(seed);
    }

    /** The shape of a sample: a vector, a sequence or an image. */
    long[] sample() {
        return switch (random.nextInt(3)) {
            case 0 -> new long[] {below(1, 9)};
            case 1 -> new long[] {below(1, 6), 4L * below(1, 3)};
            default -> new long[] {below(1, 4), below(4, 10), below(4, 10)};
        };
    }

    private int below(int from, int to) {
        return from + random.nextInt(to - from);
    }

    private boolean coin() {
        return random.nextBoolean();
    }

    Block tree(long... sample) {
        return sequence(new Shape(sample), MAX_DEPTH);
    }

    private SequentialBlock sequence(Shape sample, int depth) {
        SequentialBlock block = new SequentialBlock();
        Shape now = sample;
        int length = below(1, 5);
        for (int k = 0; k < length; k++) {
            Block next = depth > 0 && random.nextInt(4) == 0 ? nested(now, depth - 1) : leaf(now);
            block.add(next);
            now = next.getOutputShapes(new Shape[] {new Shape(1).addAll(now)})[0].slice(1);
        }
        return block;
    }

    private Block nested(Shape sample, int depth) {
        if (coin()) {
            return sequence(sample, depth);
        }
        if (coin()) {
            Block own = sequence(sample, depth);
            return new ParallelBlock(joined(), List.of(own, keeping(own, sample)));
        }
        return new ParallelBlock(joined(), List.of(activation(), Blocks.identityBlock()));
    }

    /** A branch of the same output shape: the other one with a function behind. */
    private Block keeping(Block other, Shape sample) {
        Shape out = other.getOutputShapes(new Shape[] {new Shape(1).addAll(sample)})[0];
        return new SequentialBlock()
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(out.size()).build())
                .addSingleton(x -> x.reshape(new Shape(x.size(0)).addAll(out.slice(1))));
    }

    private Function<List<NDList>, NDList> joined() {
        return switch (random.nextInt(5)) {
            case 0 -> list -> new NDList(list.get(0).head().add(list.get(1).head()));
            case 1 -> list -> new NDList(list.get(0).head().mul(list.get(1).head()));
            case 2 ->
                list -> new NDList(NDArrays.concat(
                        new NDList(list.get(0).head(), list.get(1).head()), 1));
            case 3 ->
                list -> new NDList(list.get(0).head().sub(list.get(1).head()).div(2));
            default ->
                list -> new NDList(
                        NDArrays.maximum(list.get(0).head(), list.get(1).head()));
        };
    }

    private Block activation() {
        return switch (random.nextInt(13)) {
            case 0 -> Activation.reluBlock();
            case 1 -> Activation.relu6Block();
            case 2 -> Activation.sigmoidBlock();
            case 3 -> Activation.tanhBlock();
            case 4 -> Activation.softPlusBlock();
            case 5 -> Activation.softSignBlock();
            case 6 -> Activation.leakyReluBlock(random.nextFloat());
            case 7 -> Activation.eluBlock(random.nextFloat() + 0.1f);
            case 8 -> Activation.seluBlock();
            case 9 -> Activation.geluBlock();
            case 10 -> Activation.swishBlock(random.nextFloat() + 0.5f);
            case 11 -> Activation.mishBlock();
            default -> LambdaBlock.singleton(x -> x.softmax(-1));
        };
    }

    private Block leaf(Shape sample) {
        if (random.nextInt(3) == 0) {
            return activation();
        }
        if (random.nextInt(8) == 0) {
            return coin() ? Dropout.builder().build() : Blocks.batchFlattenBlock();
        }
        if (random.nextInt(6) == 0) {
            return norm(sample);
        }
        return switch (sample.dimension()) {
            case 1 -> linear();
            case 2 -> onSequence(sample);
            default -> onImage(sample);
        };
    }

    private Block linear() {
        return Linear.builder().setUnits(below(1, 8)).optBias(coin()).build();
    }

    private Block norm(Shape sample) {
        return switch (random.nextInt(4)) {
            case 0 -> LayerNorm.builder().build();
            case 1 -> GhostBatchNorm.builder().build();
            case 2 -> BatchNorm.builder().optAxis(sample.dimension()).build();
            default ->
                BatchNorm.builder()
                        .optEpsilon(random.nextFloat() * 0.1f + 1e-5f)
                        .build();
        };
    }

    private <B extends RecurrentBlock.BaseBuilder<B>> B recurrent(B builder) {
        boolean two = coin();
        builder.setStateSize(below(1, 5));
        builder.setNumLayers(below(1, 3));
        builder.optBidirectional(two);
        return builder.optHasBiases(!two && coin());
    }

    /** DJL's recurrent Blocks add their state to the list that they are given, which a branch beside them would see. */
    private static Block apart(Block recurrent) {
        return new SequentialBlock().add((NDList list) -> new NDList(list)).add(recurrent);
    }

    private Block onSequence(Shape sample) {
        int width = Math.toIntExact(sample.get(1));
        boolean heads = width % 4 == 0;
        return switch (random.nextInt(8)) {
            case 0 -> apart(recurrent(LSTM.builder()).build());
            case 1 -> apart(recurrent(GRU.builder()).build());
            case 2 ->
                apart(recurrent(RNN.builder().setActivation(coin() ? RNN.Activation.TANH : RNN.Activation.RELU))
                        .build());
            case 3 ->
                heads
                        ? ScaledDotProductAttentionBlock.builder()
                                .setEmbeddingSize(width)
                                .setHeadCount(below(1, 3))
                                .build()
                        : linear();
            case 4 -> heads ? new TransformerEncoderBlock(width, 2, below(1, 9), 0.1f, Activation::gelu) : linear();
            case 5 -> new PointwiseFeedForwardBlock(List.of(below(1, 6)), below(1, 6), Activation::relu);
            case 6 -> convolution1d(sample);
            default ->
                LambdaBlock.singleton(
                        coin() ? x -> x.swapAxes(1, 2) : (Function<NDArray, NDArray>) x -> x.mean(new int[] {1}));
        };
    }

    private Block convolution1d(Shape sample) {
        int kernel = below(1, Math.toIntExact(Math.min(4, sample.get(1) + 1)));
        return Conv1d.builder()
                .setKernelShape(new Shape(kernel))
                .setFilters(below(1, 4))
                .optPadding(new Shape(below(0, 2)))
                .optBias(coin())
                .build();
    }

    private Block onImage(Shape sample) {
        long smallest = Math.min(sample.get(1), sample.get(2));
        int kernel = below(1, Math.toIntExact(Math.min(4, smallest + 1)));
        Shape window = new Shape(kernel, kernel);
        Shape stride = new Shape(below(1, 3), below(1, 3));
        Shape padding = new Shape(below(0, kernel / 2 + 1), below(0, kernel / 2 + 1));
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> {
                int groups = coin() ? Math.toIntExact(sample.get(0)) : 1;
                yield Conv2d.builder()
                        .setKernelShape(window)
                        .setFilters(groups * below(1, 3))
                        .optStride(stride)
                        .optPadding(padding)
                        .optGroups(groups)
                        .optBias(coin())
                        .build();
            }
            case 3 -> Pool.maxPool2dBlock(window, stride, padding, coin());
            case 4, 5 -> Pool.avgPool2dBlock(window, stride, padding, coin(), coin());
            case 6 -> Pool.lpPool2dBlock(2, window, stride, new Shape(0, 0), coin());
            case 7 -> coin() ? Pool.globalAvgPool2dBlock() : Pool.globalMaxPool2dBlock();
            default -> linear();
        };
    }
}
