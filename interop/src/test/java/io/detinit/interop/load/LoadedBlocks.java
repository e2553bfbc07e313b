package io.detinit.interop.load;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.ParameterStore;

/** The nets of the fixtures as DJL has them. */
final class LoadedBlocks {

    private LoadedBlocks() {}

    static Linear linear(long units) {
        return Linear.builder().setUnits(units).build();
    }

    private static Conv2d conv(int filters) {
        return Conv2d.builder()
                .setKernelShape(new Shape(3, 3))
                .optPadding(new Shape(1, 1))
                .setFilters(filters)
                .build();
    }

    static SequentialBlock mlp(int... widths) {
        SequentialBlock block = new SequentialBlock().add(Blocks.batchFlattenBlock());
        for (int k = 0; k < widths.length; k++) {
            block.add(linear(widths[k]));
            if (k < widths.length - 1) {
                block.add(Activation.reluBlock());
            }
        }
        return block;
    }

    static SequentialBlock cnn(boolean norm) {
        SequentialBlock block = new SequentialBlock().add(conv(8));
        if (norm) {
            block.add(BatchNorm.builder().build());
        }
        return block.add(Activation.reluBlock())
                .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
                .add(conv(16))
                .add(Activation.reluBlock())
                .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
                .add(Blocks.batchFlattenBlock())
                .add(linear(10));
    }

    static <B extends Block> B initialised(B block, NDManager manager, Shape... inputs) {
        block.initialize(manager, DataType.FLOAT32, inputs);
        return block;
    }

    static float[] forward(Block block, NDManager manager, NDArray... inputs) {
        ParameterStore store = new ParameterStore(manager, false);
        try (NDList outputs = block.forward(store, new NDList(inputs), false)) {
            return outputs.head().toFloatArray();
        }
    }
}
