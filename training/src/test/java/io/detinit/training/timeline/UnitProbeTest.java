package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.models.ParameterNames;
import io.detinit.models.Seeding;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnitProbeTest {

    private static final int SAMPLES = 600; // three batches of the probe

    private static Block linear(int units) {
        return Linear.builder().setUnits(units).build();
    }

    /** Seeds a block and probes it with samples that follow from their numbers. */
    private static List<UnitActivity> probe(Block block, InitRules rules, Shape sample) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            Seeding.seed(block, 3, rules, manager, DataType.FLOAT32, new Shape(1).addAll(sample));
            NDArray samples = samples(manager, sample);
            int before = manager.getManagedArrays().size();
            List<UnitActivity> found = new UnitProbe(block, ParameterNames.of(block), samples).measure();
            assertEquals(before, manager.getManagedArrays().size(), "nothing is left");
            return found;
        }
    }

    private static NDArray samples(NDManager manager, Shape sample) {
        return manager.arange((float) (SAMPLES * sample.size()))
                .mul(12.9898f)
                .sin()
                .reshape(new Shape(SAMPLES).addAll(sample));
    }

    /** A unit is dead if no sample reaches it; counted from the arrays of a plain forward pass. */
    private static long dead(float[] outputs, int units, int positions) {
        long dead = 0;
        for (int unit = 0; unit < units; unit++) {
            boolean fires = false;
            for (int k = 0; k < outputs.length; k++) {
                fires |= k / positions % units == unit && outputs[k] > 0;
            }
            dead += fires ? 0 : 1;
        }
        return dead;
    }

    @Test
    void unitsOfALinearLayerAreCountedAsAPlainForwardPassDoes() {
        SequentialBlock first = new SequentialBlock().add(linear(40)).add(Activation.reluBlock());
        Block block = new SequentialBlock()
                .add(first)
                .add(linear(8))
                .add(Activation.relu6Block())
                .add(linear(3));
        InitRules rules = InitRules.he()
                .with("sequential1.fc1.bias", Scheme.constant(-1.5))
                .with("fc1.bias", Scheme.constant(-50));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            Seeding.seed(block, 3, rules, manager, DataType.FLOAT32, new Shape(1, 10));
            NDArray samples = samples(manager, new Shape(10));
            NDList outputs = first.forward(new ParameterStore(manager, false), new NDList(samples), false);
            long expected = dead(outputs.singletonOrThrow().toFloatArray(), 40, 1);
            assertTrue(expected > 0 && expected < 40, "some, not all: " + expected);
            assertEquals(
                    List.of(
                            new UnitActivity("sequential1.fc1.weight", 40, expected, SAMPLES),
                            new UnitActivity("fc1.weight", 8, 8, SAMPLES)),
                    new UnitProbe(block, ParameterNames.of(block), samples).measure());
        }
    }

    @Test
    void aUnitOfAConvolutionIsAChannelAtEveryPosition() {
        SequentialBlock first = new SequentialBlock()
                .add(Conv2d.builder()
                        .setKernelShape(new Shape(3, 3))
                        .setFilters(12)
                        .build())
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock());
        Block block =
                new SequentialBlock().add(first).add(Blocks.batchFlattenBlock()).add(linear(2));
        InitRules rules = InitRules.he().with("sequential1.bn1.beta", Scheme.constant(-1.8));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            Seeding.seed(block, 3, rules, manager, DataType.FLOAT32, new Shape(1, 1, 5, 5));
            NDArray samples = samples(manager, new Shape(1, 5, 5));
            NDList outputs = first.forward(new ParameterStore(manager, false), new NDList(samples), false);
            long expected = dead(outputs.singletonOrThrow().toFloatArray(), 12, 9);
            assertTrue(expected > 0 && expected < 12, "some, not all: " + expected);
            List<UnitActivity> found = new UnitProbe(block, ParameterNames.of(block), samples).measure();
            assertEquals(List.of(new UnitActivity("sequential1.conv1.weight", 12, expected, SAMPLES)), found);
        }
    }

    @Test
    void theBranchesOfAParallelBlockAreLookedInto() {
        Block branch =
                new SequentialBlock().add(linear(6)).add(Activation.reluBlock()).add(linear(5));
        Block residual = new ParallelBlock(
                outputs -> new NDList(
                        NDArrays.add(outputs.get(0).head(), outputs.get(1).head())),
                List.of(branch, Blocks.identityBlock()));
        Block block = new SequentialBlock()
                .add(linear(5))
                .add(residual)
                .add(Activation.reluBlock())
                .add(Activation.reluBlock());
        List<UnitActivity> found = probe(block, InitRules.he(), new Shape(4));
        assertEquals(
                List.of("parallel1.sequential1.fc1.weight", "fc1.weight", "fc1.weight#2"),
                found.stream().map(UnitActivity::layer).toList());
        assertEquals(
                List.of(6L, 5L, 5L), found.stream().map(UnitActivity::units).toList());
    }

    @Test
    void anActivationIsKnownByWhatItDoes() {
        Block nameless = new LambdaBlock(arrays -> new NDList(Activation.relu(arrays.head())));
        Block misnamed = new LambdaBlock(arrays -> new NDList(arrays.head().tanh()), "ReLU");
        Block block = new SequentialBlock()
                .add(linear(4))
                .add(misnamed)
                .add(linear(5))
                .add(Activation.geluBlock())
                .add(linear(6))
                .add(Activation.leakyReluBlock(0.1f))
                .add(linear(7))
                .add(Dropout.builder().optRate(0.5f).build())
                .add(nameless);
        assertEquals(
                List.of("fc4.weight"),
                probe(block, InitRules.he(), new Shape(4)).stream()
                        .map(UnitActivity::layer)
                        .toList());
    }

    /** A block of a stranger, whose inside cannot be seen. */
    private static final class Opaque extends AbstractBlock {
        private final Block inner =
                addChildBlock("inner", new SequentialBlock().add(linear(4)).add(Activation.reluBlock()));

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            return inner.forward(store, inputs, training);
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputs) {
            return inner.getOutputShapes(inputs);
        }

        @Override
        protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
            inner.initialize(manager, type, inputs);
        }
    }

    @Test
    void whatCannotBeSeenIsAbsentAndNotZero() {
        Block block = new SequentialBlock().add(new Opaque()).add(linear(2));
        assertEquals(List.of(), probe(block, InitRules.he(), new Shape(4)));
        assertEquals(List.of(), probe(new Opaque(), InitRules.he(), new Shape(4)));
    }

    @Test
    void sequencesHaveTheirUnitsInTheLastAxis() {
        Block block = new SequentialBlock().add(linear(7)).add(Activation.reluBlock());
        List<UnitActivity> found =
                probe(block, InitRules.he().with("fc1.bias", Scheme.constant(-100)), new Shape(3, 4));
        assertEquals(List.of(new UnitActivity("fc1.weight", 7, 7, SAMPLES)), found);
    }
}
