package io.detinit.models;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;

/**
 * The reference networks for images, [N, C, H, W].
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ConvolutionalNets {

    private static final int WITHOUT_PADDING = 32;

    private ConvolutionalNets() {}

    /**
     * LeNet-5 (LeCun et al. 1998) with ReLU and max pooling. The first convolution pads images smaller than 32 x 32 by 2, so that 28 x
     * 28 and 32 x 32 give maps of 28 x 28.
     */
    static SequentialBlock lenet5(Shape image, int outputs) {
        int padding = Math.min(image.get(1), image.get(2)) < WITHOUT_PADDING ? 2 : 0;
        return new SequentialBlock()
                .add(convolution(6, 5, 1, padding, true))
                .add(Activation.reluBlock())
                .add(halve())
                .add(convolution(16, 5, 1, 0, true))
                .add(Activation.reluBlock())
                .add(halve())
                .add(Blocks.batchFlattenBlock())
                .add(linear(120))
                .add(Activation.reluBlock())
                .add(linear(84))
                .add(Activation.reluBlock())
                .add(linear(outputs));
    }

    /** Conv-2, Conv-4, Conv-6 of Frankle and Carbin 2019: pairs of 3 x 3 convolutions with 64, 128, 256 filters, then 256, 256. */
    static SequentialBlock conv(int pairs, int outputs) {
        SequentialBlock block = new SequentialBlock();
        for (int pair = 0; pair < pairs; pair++) {
            int filters = 64 << pair;
            block.add(convolution(filters, 3, 1, 1, true))
                    .add(Activation.reluBlock())
                    .add(convolution(filters, 3, 1, 1, true))
                    .add(Activation.reluBlock())
                    .add(halve());
        }
        return block.add(Blocks.batchFlattenBlock())
                .add(linear(256))
                .add(Activation.reluBlock())
                .add(linear(256))
                .add(Activation.reluBlock())
                .add(linear(outputs));
    }

    /**
     * ResNet-20 for small images (He et al. 2016, section 4.2): three stages of three basic blocks with 16, 32, 64 filters. Where the
     * shape changes the shortcut is a 1 x 1 convolution (the paper's option B; its CIFAR figures have option A, zero padding).
     */
    static SequentialBlock resnet20(int outputs) {
        SequentialBlock block = new SequentialBlock()
                .add(convolution(16, 3, 1, 1, false))
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock());
        for (int stage = 0; stage < 3; stage++) {
            for (int k = 0; k < 3; k++) {
                block.add(basicBlock(16 << stage, stage > 0 && k == 0)).add(Activation.reluBlock());
            }
        }
        return block.add(Pool.globalAvgPool2dBlock()).add(linear(outputs));
    }

    private static Block basicBlock(int filters, boolean down) {
        SequentialBlock branch = new SequentialBlock()
                .add(convolution(filters, 3, down ? 2 : 1, 1, false))
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock())
                .add(convolution(filters, 3, 1, 1, false))
                .add(BatchNorm.builder().build());
        if (!down) {
            return Residual.around(branch);
        }
        SequentialBlock shortcut = new SequentialBlock()
                .add(convolution(filters, 1, 2, 0, false))
                .add(BatchNorm.builder().build());
        return Residual.sumOf(branch, shortcut);
    }

    private static Block convolution(int filters, int kernel, int stride, int padding, boolean bias) {
        return Conv2d.builder()
                .setFilters(filters)
                .setKernelShape(new Shape(kernel, kernel))
                .optStride(new Shape(stride, stride))
                .optPadding(new Shape(padding, padding))
                .optBias(bias)
                .build();
    }

    private static Block halve() {
        return Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2));
    }

    private static Block linear(int units) {
        return Linear.builder().setUnits(units).build();
    }
}
