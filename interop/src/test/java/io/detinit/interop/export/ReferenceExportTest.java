package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Conv1dTranspose;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks that DJL's PyTorch engine does not run, or not rightly, against the definition of what they compute. */
class ReferenceExportTest {

    @Test
    void preluIsTheInputTimesASlopeBelowZero() {
        for (long[] sample : new long[][] {{5}, {3, 4}, {2, 3, 4}}) {
            try (NDManager manager = NDManager.newBaseManager()) {
                List<ModelInput> inputs = List.of(floats(sample));
                Block block = new Prelu();
                block.setInitializer(new ai.djl.training.initializer.ConstantInitializer(0.3f), Parameter.Type.WEIGHT);
                block.initialize(manager, DataType.FLOAT32, Exported.shapes(inputs, 1));
                NDList given = Exported.random(manager, inputs, 3, 1);
                byte[] model = OnnxExporter.export(block, inputs, ExportOptions.of(p -> "slope"));
                float[] x = given.head().toFloatArray();
                float[] found = Exported.run(model, inputs, given).get(0).values();
                for (int k = 0; k < x.length; k++) {
                    assertEquals(x[k] < 0 ? 0.3f * x[k] : x[k], found[k], 1e-6f);
                }
            }
        }
    }

    /** Every input element adds its kernel to the output: the definition of a transposed convolution. */
    @ParameterizedTest
    @CsvSource({"1,0,0,1,1,5", "2,1,1,1,1,4", "3,0,2,1,2,5", "2,2,0,2,4,6", "1,1,0,3,1,3"})
    void conv2dTransposeSpreadsEveryElement(
            int stride, int padding, int outPadding, int dilation, int groups, int size) {
        int channels = 4;
        int kernel = 3;
        try (NDManager manager = NDManager.newBaseManager()) {
            Conv2dTranspose block = Conv2dTranspose.builder()
                    .setKernelShape(new Shape(kernel, kernel))
                    .setFilters(channels)
                    .optStride(new Shape(stride, stride))
                    .optPadding(new Shape(padding, padding))
                    .optOutPadding(new Shape(outPadding, outPadding))
                    .optDilation(new Shape(dilation, dilation))
                    .optGroups(groups)
                    .build();
            List<ModelInput> inputs = List.of(floats(channels, size, size));
            Exported.initialised(block, manager, Exported.shapes(inputs, 1));
            byte[] model = OnnxExporter.export(block, inputs, ExportOptions.of(Parameter::getName));
            NDList given = Exported.random(manager, inputs, 2, 3);
            Exported.ModelOutput found = Exported.run(model, inputs, given).get(0);
            Map<String, Parameter> parameters = block.getDirectParameters().toMap();
            float[] w = parameters.get("weight").getArray().toFloatArray();
            float[] bias = parameters.get("bias").getArray().toFloatArray();
            float[] x = given.head().toFloatArray();
            int out = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + outPadding + 1;
            assertArrayEquals(new long[] {2, channels, out, out}, found.shape());
            assertArrayEquals(
                    block.getOutputShapes(new Shape[] {new Shape(2, channels, size, size)})[0].getShape(),
                    found.shape());
            double[] expected = new double[2 * channels * out * out];
            int own = channels / groups;
            for (int n = 0; n < 2; n++) {
                for (int f = 0; f < channels; f++) {
                    for (int p = 0; p < out * out; p++) {
                        expected[(n * channels + f) * out * out + p] = bias[f];
                    }
                }
                for (int c = 0; c < channels; c++) {
                    for (int i = 0; i < size * size; i++) {
                        for (int f = 0; f < own; f++) {
                            for (int k = 0; k < kernel * kernel; k++) {
                                int row = i / size * stride - padding + k / kernel * dilation;
                                int column = i % size * stride - padding + k % kernel * dilation;
                                if (row >= 0 && row < out && column >= 0 && column < out) {
                                    int target = c / own * own + f;
                                    expected[((n * channels + target) * out + row) * out + column] +=
                                            (double) x[(n * channels + c) * size * size + i]
                                                    * w[(c * own + f) * kernel * kernel + k];
                                }
                            }
                        }
                    }
                }
            }
            for (int k = 0; k < expected.length; k++) {
                assertEquals(expected[k], found.values()[k], 1e-5);
            }
        }
    }

    /** A kernel as wide as a step: each input element becomes its own piece of the output. */
    @Test
    void conv1dTransposeWithOtherFiltersThanChannels() {
        try (NDManager manager = NDManager.newBaseManager()) {
            Conv1dTranspose block = Conv1dTranspose.builder()
                    .setKernelShape(new Shape(2))
                    .setFilters(3)
                    .optStride(new Shape(2))
                    .optBias(false)
                    .build();
            Parameter weight = block.getDirectParameters().get("weight");
            weight.setArray(manager.create(TestBlocks.random(2, 12), new Shape(2, 3, 2)));
            List<ModelInput> inputs = List.of(floats(2, 4));
            byte[] model = OnnxExporter.export(block, inputs, ExportOptions.of(Parameter::getName));
            NDList given = Exported.random(manager, inputs, 1, 3);
            float[] x = given.head().toFloatArray();
            float[] w = weight.getArray().toFloatArray();
            Exported.ModelOutput found = Exported.run(model, inputs, given).get(0);
            assertArrayEquals(new long[] {1, 3, 8}, found.shape());
            for (int f = 0; f < 3; f++) {
                for (int t = 0; t < 8; t++) {
                    float sum = 0;
                    for (int c = 0; c < 2; c++) {
                        sum += x[c * 4 + t / 2] * w[(c * 3 + f) * 2 + t % 2];
                    }
                    assertEquals(sum, found.values()[f * 8 + t], 1e-5f);
                }
            }
        }
    }

    /** DJL hands the engine both directions' weights and then all biases, which it refuses; here they are in its order. */
    @Test
    void biasesOfBothDirections() {
        for (int layers = 1; layers <= 2; layers++) {
            int count = layers;
            bothDirections(
                    LSTM.builder()
                            .setStateSize(3)
                            .setNumLayers(count)
                            .optBidirectional(true)
                            .optReturnState(true)
                            .build(),
                    count,
                    (x, p) -> {
                        NDArray state = x.getManager().zeros(new Shape(2L * count, x.size(0), 3));
                        return x.getNDArrayInternal()
                                .lstm(x, new NDList(state, state), p, true, count, 0, false, true, true);
                    });
            bothDirections(
                    GRU.builder()
                            .setStateSize(3)
                            .setNumLayers(count)
                            .optBidirectional(true)
                            .optReturnState(true)
                            .build(),
                    count,
                    (x, p) -> x.getNDArrayInternal()
                            .gru(
                                    x,
                                    x.getManager().zeros(new Shape(2L * count, x.size(0), 3)),
                                    p,
                                    true,
                                    count,
                                    0,
                                    false,
                                    true,
                                    true));
            bothDirections(
                    RNN.builder()
                            .setStateSize(3)
                            .setNumLayers(count)
                            .setActivation(RNN.Activation.TANH)
                            .optBidirectional(true)
                            .optReturnState(true)
                            .build(),
                    count,
                    (x, p) -> x.getNDArrayInternal()
                            .rnn(
                                    x,
                                    x.getManager().zeros(new Shape(2L * count, x.size(0), 3)),
                                    p,
                                    true,
                                    count,
                                    RNN.Activation.TANH,
                                    0,
                                    false,
                                    true,
                                    true));
        }
    }

    private static void bothDirections(
            Block block, int layers, java.util.function.BiFunction<NDArray, NDList, NDList> forward) {
        for (long[] sample : new long[][] {{3, 5}, {1, 2}, {6, 4}}) {
            try (NDManager manager = NDManager.newBaseManager()) {
                List<ModelInput> inputs = List.of(floats(sample));
                block.clear();
                Block fresh = block;
                Exported.initialised(fresh, manager, Exported.shapes(inputs, 1));
                byte[] model = OnnxExporter.export(fresh, inputs, ExportOptions.of(Parameter::getName));
                NDList given = Exported.random(manager, inputs, 4, 9);
                Map<String, Parameter> named = fresh.getDirectParameters().toMap();
                NDList ordered = new NDList();
                for (int layer = 0; layer < layers; layer++) {
                    for (String direction : List.of("l", "r")) {
                        for (String kind : List.of("i2h_WEIGHT", "h2h_WEIGHT", "i2h_BIAS", "h2h_BIAS")) {
                            ordered.add(named.get(direction + "_" + layer + "_" + kind)
                                    .getArray());
                        }
                    }
                }
                Exported.assertSameOutputs(
                        forward.apply(given.head(), ordered), Exported.run(model, inputs, given), 1e-5f);
            }
        }
    }

    /** float16 parameters give float16 values everywhere, near those of the same numbers in float32. */
    @Test
    void float16BlocksAreNearTheSameNumbersInFloat32() {
        List<Supplier<Block>> blocks = List.of(TestBlocks::mlp, HalfBlocks::image, HalfBlocks::sequence);
        List<List<ModelInput>> inputs =
                List.of(List.of(floats(1, 4, 4)), List.of(floats(2, 8, 8)), List.of(floats(3, 8)));
        for (int k = 0; k < blocks.size(); k++) {
            try (NDManager manager = NDManager.newBaseManager()) {
                List<ModelInput> own = inputs.get(k);
                Block half = blocks.get(k).get();
                half.initialize(manager, DataType.FLOAT16, Exported.shapes(own, 2));
                Block single = blocks.get(k).get();
                single.initialize(manager, DataType.FLOAT32, Exported.shapes(own, 2));
                for (int p = 0; p < half.getParameters().size(); p++) {
                    NDArray from = half.getParameters().get(p).getValue().getArray();
                    assertEquals(DataType.FLOAT16, from.getDataType());
                    single.getParameters()
                            .get(p)
                            .getValue()
                            .getArray()
                            .set(from.toType(DataType.FLOAT32, true).toFloatArray());
                }
                byte[] model = OnnxExporter.export(half, own, ExportOptions.of(Exported.paths(half)));
                NDList given = Exported.random(manager, own, 3, 5);
                NDList halves = new NDList(given.head().toType(DataType.FLOAT16, true));
                NDList expected = single.forward(
                        new ai.djl.training.ParameterStore(manager, false),
                        new NDList(halves.head().toType(DataType.FLOAT32, true)),
                        false);
                Exported.assertSameOutputs(expected, Exported.run(model, own, halves), 0.02f);
            }
        }
    }
}
