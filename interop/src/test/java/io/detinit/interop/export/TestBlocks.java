package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.Pair;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/** Small Blocks with standard normal weights from fixed seeds. */
final class TestBlocks {

    private TestBlocks() {}

    static Linear linear(long units) {
        return Linear.builder().setUnits(units).build();
    }

    static SequentialBlock mlp() {
        return new SequentialBlock()
                .add(Blocks.batchFlattenBlock())
                .add(linear(7))
                .add(Activation.reluBlock())
                .add(new SequentialBlock()
                        .add(Linear.builder().setUnits(5).optBias(false).build())
                        .add(Dropout.builder().build())
                        .add(Activation.tanhBlock()))
                .add(linear(3));
    }

    static <B extends Block> B initialised(B block, NDManager manager, DataType type, long... sample) {
        for (Parameter.Type kind : Parameter.Type.values()) {
            block.setInitializer(new NormalInitializer(0.7f), kind);
        }
        block.initialize(manager, type, new Shape(1).addAll(new Shape(sample)));
        long seed = 1;
        for (Pair<String, Parameter> pair : block.getParameters()) {
            NDArray array = pair.getValue().getArray();
            if (array.getDataType() == DataType.FLOAT32) {
                array.set(random(seed++, (int) array.size()));
            }
        }
        return block;
    }

    /** fc1.weight, fc1.bias, fc2.weight, ... in the order of the Block's parameters. */
    static Function<Parameter, String> names(Block block) {
        Map<String, String> byId = new HashMap<>();
        int layer = 0;
        for (Pair<String, Parameter> pair : block.getParameters()) {
            Parameter parameter = pair.getValue();
            layer += parameter.getName().equals("weight") ? 1 : 0;
            byId.putIfAbsent(parameter.getId(), "fc" + layer + "." + parameter.getName());
        }
        return parameter -> byId.getOrDefault(parameter.getId(), "");
    }

    static float[] random(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    static float[] forward(Block block, NDManager manager, float[] input, long... shape) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray array = scope.create(input, new Shape(shape));
            return block.forward(new ParameterStore(scope, false), new NDList(array), false)
                    .singletonOrThrow()
                    .toFloatArray();
        }
    }
}
