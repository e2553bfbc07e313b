package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import io.detinit.generator.InitPlan;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference models on DJL's PyTorch engine. */
class ModelBlocksTest {

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Block seeded(ModelSpec spec) {
        Block block = spec.newBlock();
        Seeding.seed(block, 11, spec.rules(), manager, DataType.FLOAT32, new Shape(2).addAll(spec.sampleShape()));
        return block;
    }

    /** Samples of mean 0 and variance 1. */
    private static NDArray inputs(ModelSpec spec, int count, NDManager owner) {
        float[] values =
                TensorInit.matrix(5, 0, count, spec.inputs(), Scheme.custom(1)).toArray();
        return owner.create(values, new Shape(count).addAll(spec.sampleShape()));
    }

    private static float[] logits(Block block, NDArray x, NDManager owner) {
        return block.forward(new ParameterStore(owner, false), new NDList(x), false)
                .singletonOrThrow()
                .toFloatArray();
    }

    /**
     * Trainable parameters, counted from the layers' sizes: k*k*in*out + out of a convolution, in*out + out of a Linear, 2*c of a norm,
     * gates*h*(in + h + 2) of a recurrent layer, 4*(d*d + d) of an attention.
     */
    @ParameterizedTest
    @CsvSource({
        "mlp:784-300-100-10, 266610",
        "lenet5, 61706",
        "lenet5:3x32x32-10, 62006",
        "conv2, 4301642",
        "conv4, 2425930",
        "conv6, 2262602",
        "resnet20, 272474",
        "gru:28-128-10, 61962",
        "lstm:28-128-64-10, 131210",
        "transformer:28x28-64-4-2-10, 102602"
    })
    void sizes(String text, long parameters) {
        ModelSpec spec = ModelSpec.parse(text);
        Block block = seeded(spec);
        long count = 0;
        for (Parameter parameter : ParameterNames.of(block).values()) {
            count += parameter.requiresGradient() ? parameter.getShape().size() : 0;
        }
        assertEquals(parameters, count);
        try (NDManager scratch = manager.newSubManager()) {
            NDList out = block.forward(new ParameterStore(scratch, false), new NDList(inputs(spec, 3, scratch)), false);
            assertEquals(new Shape(3, 10), out.singletonOrThrow().getShape());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp:20-12-5",
                "lenet5:1x16x16-5",
                "conv2:2x8x8-5",
                "conv4:1x8x8-5",
                "conv6:1x8x8-5",
                "resnet20:1x8x8-5",
                "gru:5x4-6-3-5",
                "lstm:5x4-6-3-5",
                "transformer:5x4-8-2-2-5"
            })
    void thePlanAloneGivesEveryParameterAndInferenceRepeats(String text) throws Exception {
        ModelSpec spec = ModelSpec.parse(text);
        Block block = spec.newBlock();
        InitPlan plan = Seeding.seed(
                block, 3, spec.rules(), manager, DataType.FLOAT32, new Shape(2).addAll(spec.sampleShape()));
        Map<String, Parameter> parameters = ParameterNames.of(block);
        assertEquals(
                List.copyOf(parameters.keySet()),
                plan.tensors().stream().map(t -> t.name()).toList());
        parameters.forEach((name, parameter) -> assertArrayEquals(
                plan.init(name, TensorShape.of(parameter.getShape().getShape())).toArray(),
                parameter.getArray().toFloatArray(),
                name));
        int arrays = manager.getManagedArrays().size();
        float[] first;
        try (NDManager scratch = manager.newSubManager()) {
            NDArray x = inputs(spec, 4, scratch);
            first = logits(block, x, scratch);
            assertArrayEquals(first, logits(block, x, scratch), "the same input gives the same bits");
            assertArrayEquals(
                    Arrays.copyOf(first, 5),
                    logits(block, inputs(spec, 1, scratch), scratch),
                    1e-5f,
                    "alone or in a batch");
            assertTrue(std(first) > 1e-3, "the logits differ");
        }
        assertEquals(arrays, manager.getManagedArrays().size(), "no array is left with the model's manager");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        block.saveParameters(new DataOutputStream(bytes));
        Block loaded = spec.newBlock();
        loaded.loadParameters(manager, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        try (NDManager scratch = manager.newSubManager()) {
            assertArrayEquals(
                    first, logits(loaded, inputs(spec, 4, scratch), scratch), 1e-6f, "DJL's own file brings it back");
        }
    }

    /** Wide bounds: an LSTM's gates begin at 1/2, so two layers of it are the small end; max pooling grows with depth. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp:784-300-100-10",
                "lenet5",
                "conv2",
                "conv4",
                "conv6",
                "resnet20",
                "gru:28-128-64-10",
                "lstm:28-128-64-10",
                "transformer:28x28-64-4-2-10"
            })
    void activationsKeepTheirScale(String text) {
        ModelSpec spec = ModelSpec.parse(text);
        Block block = seeded(spec);
        List<String> found = new ArrayList<>();
        try (NDManager scratch = manager.newSubManager()) {
            NDList x = new NDList(inputs(spec, 8, scratch));
            ParameterStore store = new ParameterStore(scratch, false);
            for (Pair<String, Block> child : block.getChildren()) {
                x = new NDList(child.getValue().forward(store, x, true).singletonOrThrow());
                double std = std(x.singletonOrThrow().toFloatArray());
                found.add(String.format(Locale.ROOT, "%s %.2f", child.getKey().substring(2), std));
                assertTrue(std > 0.05 && std < 6, text + ": " + found);
            }
        }
        System.getLogger(ModelBlocksTest.class.getName())
                .log(System.Logger.Level.INFO, () -> text + ": " + String.join(", ", found));
    }

    @Test
    void namesLookLikeAStateDict() {
        assertEquals(
                List.of(
                        "conv1.weight",
                        "conv1.bias",
                        "conv2.weight",
                        "conv2.bias",
                        "fc1.weight",
                        "fc1.bias",
                        "fc2.weight",
                        "fc2.bias",
                        "fc3.weight",
                        "fc3.bias"),
                List.copyOf(
                        ParameterNames.of(ModelSpec.parse("lenet5").newBlock()).keySet()));
        assertEquals(
                List.of(
                        "lstm1.weight_ih_l0",
                        "lstm1.weight_hh_l0",
                        "lstm1.bias_ih_l0",
                        "lstm1.bias_hh_l0",
                        "lstm2.weight_ih_l0",
                        "lstm2.weight_hh_l0",
                        "lstm2.bias_ih_l0",
                        "lstm2.bias_hh_l0",
                        "fc1.weight",
                        "fc1.bias"),
                List.copyOf(ParameterNames.of(ModelSpec.parse("lstm:28-8-4-10").newBlock())
                        .keySet()));
        List<String> resnet = List.copyOf(
                ParameterNames.of(ModelSpec.parse("resnet20").newBlock()).keySet());
        assertTrue(
                resnet.containsAll(List.of(
                        "conv1.weight",
                        "bn1.gamma",
                        "parallel1.sequential1.conv1.weight",
                        "parallel4.sequential1.conv2.weight",
                        "parallel4.sequential2.conv1.weight", // the projection of the second stage
                        "parallel9.sequential1.bn2.runningVar",
                        "fc1.bias")),
                resnet.toString());
    }

    @Test
    void positionsAreThoseOfVaswani() {
        float[] p = SequenceNets.positions(3, 4);
        assertArrayEquals(new float[] {0, 1, 0, 1}, Arrays.copyOf(p, 4));
        assertEquals((float) Math.sin(2), p[8], 1e-7f);
        assertEquals((float) Math.cos(2), p[9], 1e-7f);
        assertEquals((float) Math.sin(0.02), p[10], 1e-7f);
        assertEquals((float) Math.cos(0.02), p[11], 1e-7f);
    }

    static double std(float[] values) {
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / values.length;
        return Math.sqrt(squares / values.length - mean * mean);
    }
}
