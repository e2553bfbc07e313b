package io.detinit.interop.export;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.GRU;

/** Blocks whose parameters may all be float16. */
final class HalfBlocks {

    private HalfBlocks() {}

    static Block image() {
        return new SequentialBlock()
                .add(Conv2d.builder()
                        .setKernelShape(new Shape(3, 3))
                        .setFilters(4)
                        .build())
                .add(BatchNorm.builder().build())
                .add(Activation.geluBlock())
                .add(Pool.avgPool2dBlock(new Shape(2, 2)))
                .add(Pool.globalMaxPool2dBlock())
                .add(Linear.builder().setUnits(3).build());
    }

    static Block sequence() {
        return new SequentialBlock()
                .add(LayerNorm.builder().build())
                .add(GRU.builder().setStateSize(4).setNumLayers(1).build())
                .add(Activation.leakyReluBlock(0.1f))
                .add(Linear.builder().setUnits(3).build());
    }
}
