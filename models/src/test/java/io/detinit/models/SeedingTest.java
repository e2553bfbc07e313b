package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
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
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.util.passthrough.PassthroughNDManager;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SeedingTest {

    private static SequentialBlock lenet() {
        return new SequentialBlock()
                .add(Conv2d.builder()
                        .setFilters(4)
                        .setKernelShape(new Shape(3, 3))
                        .build())
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock())
                .add(Activation.preluBlock())
                .add(Conv2d.builder()
                        .setFilters(6)
                        .setKernelShape(new Shape(3, 3))
                        .optBias(false)
                        .build())
                .add(Blocks.batchFlattenBlock())
                .add(Dropout.builder().optRate(0.1f).build())
                .add(Linear.builder().setUnits(10).build());
    }

    @Test
    void namesAreReadableAndStable() {
        Map<String, Parameter> names = ParameterNames.of(lenet());
        assertEquals(
                List.of(
                        "conv1.weight",
                        "conv1.bias",
                        "bn1.gamma",
                        "bn1.beta",
                        "bn1.runningMean",
                        "bn1.runningVar",
                        "prelu1.alpha",
                        "conv2.weight",
                        "fc1.weight",
                        "fc1.bias"),
                List.copyOf(names.keySet()));
        Block mlp = ModelSpec.parse("mlp:4-3-2").newBlock();
        assertEquals(
                List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"),
                List.copyOf(ParameterNames.of(mlp).keySet()));
        assertEquals(
                List.of("sequential1.fc1.weight", "sequential1.fc1.bias", "fc1.weight", "fc1.bias"),
                List.copyOf(ParameterNames.of(new SequentialBlock()
                                .add(new SequentialBlock()
                                        .add(Linear.builder().setUnits(2).build()))
                                .add(Linear.builder().setUnits(2).build()))
                        .keySet()));
    }

    @Test
    void everyParameterHoldsThePlansBits() {
        SequentialBlock block = lenet();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitRules rules = InitRules.of(Scheme.XAVIER)
                    .with("fc?.weight", Scheme.custom(0.25))
                    .with("*.beta", Scheme.constant(-1));
            InitPlan plan = Seeding.seed(block, -5, rules, manager, DataType.FLOAT32, new Shape(1, 1, 8, 8));
            assertEquals(
                    List.of(0L, 1L, 2L),
                    plan.tensors().stream()
                            .filter(t -> t.scheme().isRandom())
                            .map(PlannedTensor::layer)
                            .toList());
            assertEquals(Scheme.XAVIER, plan.find("conv2.weight").orElseThrow().scheme());
            assertEquals(
                    Scheme.custom(0.25), plan.find("fc1.weight").orElseThrow().scheme());
            assertEquals(
                    Scheme.constant(0.25),
                    plan.find("prelu1.alpha").orElseThrow().scheme());
            ParameterNames.of(block)
                    .forEach((name, parameter) -> assertArrayEquals(
                            plan.init(name, TensorShape.of(parameter.getShape().getShape()))
                                    .toArray(),
                            parameter.getArray().toFloatArray(),
                            name));
        }
    }

    @Test
    void recurrentBlocksCanBeSeeded() {
        LSTM lstm = LSTM.builder()
                .setStateSize(5)
                .setNumLayers(2)
                .optReturnState(false)
                .build();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan = Seeding.seed(lstm, 1, InitRules.he(), manager, DataType.FLOAT32, new Shape(2, 3, 4));
            assertEquals(8, plan.tensors().size());
            assertEquals(
                    4,
                    plan.tensors().stream().filter(t -> t.scheme().isRandom()).count());
            ParameterNames.of(lstm)
                    .forEach((name, parameter) -> assertArrayEquals(
                            plan.init(name).toArray(), parameter.getArray().toFloatArray(), name));
        }
    }

    @Test
    void float16HoldsTheFloat32RoundedOnceMore() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            AddressedInitializer initializer = new AddressedInitializer("w", 3, 2, Scheme.HE);
            TensorInit init = initializer.init(TensorShape.of(9, 14));
            NDArray array = initializer.initialize(manager, new Shape(9, 14), DataType.FLOAT16);
            assertEquals(DataType.FLOAT16, array.getDataType());
            ByteBuffer bytes = array.toByteBuffer().order(ByteOrder.nativeOrder());
            for (int k = 0; k < 9 * 14; k++) {
                assertEquals(ReducedPrecision.toFloat16(init.weight(k / 14, k % 14)), bytes.getShort(2 * k));
            }
            double[] doubles = initializer
                    .initialize(manager, new Shape(9, 14), DataType.FLOAT64)
                    .toDoubleArray();
            assertEquals(init.weightAsDouble(8, 13), doubles[125]);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> initializer.initialize(manager, new Shape(2, 2), DataType.INT32));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> initializer.initialize(manager, new Shape(2, 2), DataType.BFLOAT16));
        }
    }

    /**
     * The choice of the device alone, on DJL's pass-through manager, which holds bytes and computes nothing: no GPU is needed, and none
     * is shown to work. On a GPU the array is made there from the same bytes, without the copy that the CPU gets.
     */
    @Test
    void onAGpuTheArrayIsMadeThereFromTheSameBytes() {
        PassthroughNDManager gpu = new PassthroughNDManager(Engine.getEngine("PyTorch"), Device.gpu(0));
        AddressedInitializer initializer = new AddressedInitializer("w", 3, 2, Scheme.HE);
        NDArray array = initializer.initialize(gpu, new Shape(5, 6), DataType.FLOAT32);
        assertEquals(Device.gpu(0), array.getDevice());
        float[] values = new float[30];
        array.toByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        assertArrayEquals(initializer.init(TensorShape.of(5, 6)).toArray(), values);
    }

    /** The promise of the project: nothing is stored, and after a step w0 is there again, bit for bit. */
    @Test
    void afterATrainingStepTheInitialWeightsAreFoundAgain() {
        try (Model model = Model.newInstance("m", "PyTorch")) {
            Block block = ModelSpec.parse("mlp:6-8-3").newBlock();
            model.setBlock(block);
            Seeding seeding = Seeding.bind(block, 42, InitRules.he());
            assertThrows(IllegalStateException.class, seeding::plan);
            DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                    .optOptimizer(Optimizer.sgd()
                            .setLearningRateTracker(Tracker.fixed(0.5f))
                            .build());
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(4, 6));
                NDManager manager = trainer.getManager();
                float[] before =
                        seeding.parameters().get("fc1.weight").getArray().toFloatArray();
                NDArray x = manager.create(
                        new float[] {0, 1, 2, 3, 4, 5, 0, 2, 1, 0, 1, 2, 0, 5, 5, 1, 0, 0, 0, 1, 0, 3, 1, 1},
                        new Shape(4, 6)); // the first input is always 0
                NDArray y = manager.create(new long[] {0, 1, 2, 1});
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    NDArray loss = trainer.getLoss().evaluate(new NDList(y), trainer.forward(new NDList(x)));
                    collector.backward(loss);
                }
                trainer.step();
                float[] after =
                        seeding.parameters().get("fc1.weight").getArray().toFloatArray();
                float[] w0 = seeding.plan().init("fc1.weight").toArray();
                assertArrayEquals(before, w0);
                int moved = 0;
                for (int k = 0; k < w0.length; k++) {
                    moved += after[k] != w0[k] ? 1 : 0;
                    if (k % 6 == 0) {
                        assertEquals(w0[k], after[k], "a dead input's weights sleep");
                    }
                }
                assertTrue(moved > 10, moved + " weights moved");
            }
        }
    }

    @Test
    void wrongUseIsRefusedByName() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Block block = ModelSpec.parse("mlp:4-2").newBlock();
            Seeding.seed(block, 1, InitRules.he(), manager, DataType.FLOAT32, new Shape(1, 4));
            assertMessage("fc1.weight", IllegalStateException.class, () -> Seeding.bind(block, 1, InitRules.he()));
            Block other = ModelSpec.parse("mlp:4-2").newBlock();
            InitRules rules = InitRules.he().with("*.bias", Scheme.HE);
            assertMessage(
                    "fc1.bias",
                    IllegalArgumentException.class,
                    () -> Seeding.seed(other, 1, rules, manager, DataType.FLOAT32, new Shape(1, 4)));
        }
        for (String bad : List.of("lenet", "mlp:", "mlp:3", "mlp:3-0", "mlp:3-x", "mlp:3--2", "mlp:3-99999999")) {
            assertThrows(IllegalArgumentException.class, () -> ModelSpec.parse(bad), bad);
        }
        assertNotEquals(InitRules.he().toString(), InitRules.of(Scheme.LECUN).toString());
        assertFalse(Engine.getAllEngines().isEmpty());
    }

    private static <T extends Throwable> void assertMessage(String part, Class<T> type, Executable executable) {
        String message = assertThrows(type, executable).getMessage();
        assertTrue(message.contains(part), message);
    }
}
