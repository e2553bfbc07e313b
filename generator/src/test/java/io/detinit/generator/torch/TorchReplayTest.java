package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TorchReplayTest {

    private static final TorchModules NN = TorchModules.CURRENT;

    private static TorchModule mixed() {
        TorchTransformer layer = new TorchTransformer(6, 10, true);
        return NN.sequential(
                NN.linear(7, 3, true),
                NN.embedding(3, 3, OptionalLong.empty()),
                NN.batchNorm(4),
                NN.embedding(2, 2, OptionalLong.of(1)),
                layer.stack(NN.era(), layer.encoderLayer(NN.era()), 3, true),
                NN.embedding(5, 7, OptionalLong.empty()),
                new TorchAttention(6, 6, 5, true, true).module(NN.era()));
    }

    /** Draws are counted in 32-bit outputs: 12 + 4 for the first layer of the article's kind of network. */
    @Test
    void everyTensorKnowsItsDrawAndRule() {
        TorchModule model = NN.sequential(NN.linear(3, 4, true), NN.stateless(), NN.linear(4, 2, true));
        TorchReplay replay = TorchReplay.of(model, 1, TorchDtype.FLOAT32, TorchKernels.AVX2);
        List<String> found = new ArrayList<>();
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            TorchInit init = tensor.init();
            found.add(tensor.name() + " " + tensor.rule().id() + " " + tensor.fan() + " "
                    + init.start().draw());
        }
        List<String> expected =
                List.of("0.weight linear 3 0", "0.bias linear 3 12", "2.weight linear 4 16", "2.bias linear 4 24");
        assertEquals(expected, found);
        assertEquals(StreamPosition.at(26), replay.end());
        StreamPosition wide =
                TorchReplay.of(model, 1, TorchDtype.FLOAT64, TorchKernels.AVX2).end();
        assertEquals(StreamPosition.at(52), wide);
    }

    @ParameterizedTest
    @EnumSource(TorchDtype.class)
    void alone(TorchDtype dtype) {
        if (dtype == TorchDtype.INT64) {
            assertThrows(IllegalArgumentException.class, () -> TorchReplay.of(mixed(), 3, dtype, TorchKernels.AVX2));
            return;
        }
        for (TorchEra era : List.of(TorchEra.V1_2, TorchEra.V2_12, TorchEra.V2_15)) {
            TorchReplay replay = TorchReplay.of(mixed(), 3, dtype, TorchKernels.DEFAULT.withEra(era));
            Map<String, byte[]> pass = new HashMap<>();
            replay.forEach((tensor, bytes) -> pass.put(tensor.name(), bytes));
            assertEquals(replay.tensors().size(), pass.size());
            for (TorchReplay.Tensor tensor : replay.tensors()) {
                assertArrayEquals(tensor.init().bytes(), pass.get(tensor.name()), tensor.name());
            }
        }
    }

    /** One generator that makes all the values of a sequence is where arithmetic alone said it would be. */
    @Test
    void positionsAreArithmetic() {
        for (TorchEra era : TorchEra.values()) {
            for (TorchDtype dtype : List.of(TorchDtype.FLOAT32, TorchDtype.BFLOAT16, TorchDtype.FLOAT64)) {
                TorchGenerator generator = new TorchGenerator(8, TorchKernels.AVX2.withEra(era));
                StreamPosition position = StreamPosition.START;
                for (int size : new int[] {0, 1, 1, 2, 3, 15, 16, 4, 17, 1, 31, 32, 33, 5}) {
                    if (dtype == TorchDtype.FLOAT64) {
                        generator.normal(0, 1, new double[size]);
                        generator.uniform(0, 1, new double[3]);
                    } else {
                        generator.normal(0, 1, new float[size], dtype);
                        generator.uniform(0, 1, new float[3], dtype);
                    }
                    position = position.afterNormal(size, dtype, era).afterUniform(3, dtype);
                    assertEquals(generator.position(), position, era + " " + dtype + " " + size);
                }
            }
        }
    }

    /** A tensor that uses up the second normal of a pair, regenerated without the tensor that drew the pair. */
    @Test
    void aKeptNormalIsMadeAgain() {
        TorchModule model = NN.sequential(
                NN.embedding(1, 3, OptionalLong.empty()),
                NN.linear(2, 2, true),
                NN.embedding(1, 2, OptionalLong.empty()));
        TorchReplay replay = TorchReplay.of(model, 4, TorchDtype.FLOAT32, TorchKernels.AVX2);
        TorchInit last = replay.tensor("2.weight").init();
        assertEquals(new StreamPosition(14, 4), last.start());
        float[] four = new float[4];
        new TorchGenerator(4, TorchKernels.AVX2).normal(0, 1, four, TorchDtype.FLOAT32);
        assertEquals(four[3], last.floats()[0]);
        assertEquals(StreamPosition.NONE, StreamPosition.at(14).pendingPair());
        assertNotEquals(
                last.floats()[0],
                TorchInit.of(
                                4,
                                TorchRule.EMBEDDING,
                                last.shape(),
                                TorchRule.NO_FAN,
                                14,
                                TorchDtype.FLOAT32,
                                TorchKernels.AVX2)
                        .floats()[0]);
    }

    /** A tensor of one kept normal begins and ends at the draw at which the next one begins, which the state dict lists before. */
    @Test
    void onePassWhereTwoTensorsBeginAtOneDraw() {
        TorchModule model = TorchModule.builder(NN.era())
                .tensor("own", 4, 5)
                .child("odd", NN.embedding(1, 3, OptionalLong.empty()))
                .child("one", NN.embedding(1, 1, OptionalLong.empty()))
                .fill("own", TorchRule.EMBEDDING, TorchRule.NO_FAN)
                .build();
        TorchReplay replay = TorchReplay.of(model, 4, TorchDtype.FLOAT32, TorchKernels.AVX2);
        assertEquals(
                new StreamPosition(8, 4), replay.tensor("one.weight").init().start());
        assertEquals(StreamPosition.at(8), replay.tensor("own").init().start());
        Map<String, byte[]> pass = new HashMap<>();
        replay.forEach((tensor, bytes) -> pass.put(tensor.name(), bytes));
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            assertArrayEquals(tensor.init().bytes(), pass.get(tensor.name()), tensor.name());
        }
    }

    @Test
    void oneTensorFromItsPlanEntry() {
        TorchReplay replay = TorchReplay.of(NN.conv(3, 4, 5, 5), 42, TorchDtype.FLOAT32, TorchKernels.AVX2);
        TorchReplay.Tensor bias = replay.tensor("bias");
        TorchInit alone = TorchInit.of(
                42,
                TorchRule.parse(bias.rule().id()),
                TensorShape.of(4),
                75,
                300,
                TorchDtype.FLOAT32,
                TorchKernels.of(TorchVariant.parse("fused")));
        assertEquals(bias.init(), alone);
        assertArrayEquals(bias.init().floats(), alone.floats());
        assertEquals(304, alone.end().draw());
    }

    @Test
    void copiesShareTheirSourcesDraws() {
        TorchReplay replay = TorchReplay.of(mixed(), 3, TorchDtype.FLOAT32, TorchKernels.AVX2);
        TorchReplay.Tensor first = replay.tensor("4.layers.0.linear1.weight");
        TorchReplay.Tensor third = replay.tensor("4.layers.2.linear1.weight");
        assertEquals(first.init(), third.init());
        assertEquals("linear", third.rule().id());
    }

    /** {@code nn.Transformer} draws its weights again, so its layers differ and the first draws are lost. */
    @Test
    void aTransformerDrawsTwice() {
        TorchModule model = new TorchTransformer(4, 6, true).transformer(NN.era(), 2, 1);
        TorchReplay replay = TorchReplay.of(model, 3, TorchDtype.FLOAT32, TorchKernels.AVX2);
        TorchInit first = replay.tensor("encoder.layers.0.linear1.weight").init();
        TorchInit second = replay.tensor("encoder.layers.1.linear1.weight").init();
        assertNotEquals(first.start(), second.start());
        assertFalse(Arrays.equals(first.floats(), second.floats()));
        assertEquals(
                TorchRule.XAVIER_UNIFORM,
                replay.tensor("decoder.layers.0.linear2.weight").rule());
    }

    @Test
    void widenedValuesAreTheValues() {
        for (TorchDtype dtype : List.of(TorchDtype.FLOAT16, TorchDtype.BFLOAT16, TorchDtype.FLOAT32)) {
            TorchInit init = TorchReplay.of(NN.linear(9, 4, true), 6, dtype, TorchKernels.AVX2)
                    .tensor("weight")
                    .init();
            float[] floats = init.floats();
            double[] doubles = init.doubles();
            for (int i = 0; i < floats.length; i++) {
                assertEquals(floats[i], doubles[i]);
            }
            assertEquals(36 * dtype.bytes(), init.bytes().length);
        }
    }

    @Test
    void boundsDependOnTheEra() {
        TensorShape weight = TensorShape.of(4, 3, 3, 3);
        TorchFill old = TorchRule.CONV.fill(weight, 27, TorchEra.V0_4);
        TorchFill current = TorchRule.CONV.fill(weight, 27, TorchEra.V1_2);
        assertEquals(TorchFill.Uniform.within(1 / Math.sqrt(27)), old);
        assertNotEquals(old, current, "kaiming_uniform_ rounds differently for this fan");
        TorchModule transposed = new TorchModules(TorchEra.V0_4).convTranspose(3, 8, 2, 2);
        assertEquals(12, ((TorchStep.Fill) transposed.steps().get(0)).fan());
        TorchModule grouped = new TorchConvolution(4, 8, List.of(3L), 2, true, false).module(TorchEra.V0_4);
        assertEquals(12, ((TorchStep.Fill) grouped.steps().get(0)).fan());
        TorchModule now = NN.convTranspose(3, 8, 2, 2);
        assertEquals(32, ((TorchStep.Fill) now.steps().get(0)).fan());
    }

    @Test
    void batchNormDrewItsWeightBeforeVersionOneTwo() {
        TorchModule norm = new TorchModules(TorchEra.V1_0).batchNorm(5);
        TorchReplay replay = TorchReplay.of(norm, 2, TorchDtype.FLOAT32, TorchKernels.DEFAULT.withEra(TorchEra.V1_0));
        assertEquals(5, replay.end().draw());
        float[] expected = new float[5];
        new TorchGenerator(2, TorchKernels.DEFAULT).uniform(0, 1, expected, TorchDtype.FLOAT32);
        assertArrayEquals(expected, replay.tensor("weight").init().floats());
        assertArrayEquals(
                new byte[8], replay.tensor("num_batches_tracked").init().bytes());
        assertEquals(
                0,
                TorchReplay.of(NN.batchNorm(5), 2, TorchDtype.FLOAT32, TorchKernels.AVX2)
                        .end()
                        .draw());
    }

    /** What the eras of the reduced dtypes change, and that float32 of mean 0 and std 1 is the same in all. */
    @Test
    void erasDifferInReducedNormals() {
        for (TorchKernels kernels : List.of(TorchKernels.AVX2, TorchKernels.DEFAULT)) {
            Map<TorchEra, float[]> halves = new EnumMap<>(TorchEra.class);
            Map<TorchEra, float[]> singles = new EnumMap<>(TorchEra.class);
            for (TorchEra era : TorchEra.values()) {
                float[] half = new float[4096];
                new TorchGenerator(1, kernels.withEra(era)).normal(0.25, 1.5, half, TorchDtype.FLOAT16);
                halves.put(era, half);
                float[] single = new float[4096];
                new TorchGenerator(1, kernels.withEra(era)).normal(0, 1, single, TorchDtype.FLOAT32);
                singles.put(era, single);
            }
            assertArrayEquals(singles.get(TorchEra.V1_2), singles.get(TorchEra.V2_15));
            assertFalse(Arrays.equals(halves.get(TorchEra.V1_2), halves.get(TorchEra.V2_7)));
            assertFalse(Arrays.equals(halves.get(TorchEra.V2_7), halves.get(TorchEra.V2_12)));
            assertEquals(
                    kernels.normal() == NormalKernel.LIBM,
                    Arrays.equals(halves.get(TorchEra.V2_12), halves.get(TorchEra.V2_15)));
        }
    }

    /** By 2.15 a reduced value that rounds up to the upper bound becomes the lower one. */
    @Test
    void theUpperBoundIsExcludedByVersionTwoFifteen() {
        float[] wide = new float[100_000];
        new TorchGenerator(1, TorchKernels.AVX2.withEra(TorchEra.V2_15)).uniform(-1, 0, wide, TorchDtype.BFLOAT16);
        float[] exact = new float[wide.length];
        new TorchGenerator(1, TorchKernels.AVX2.withEra(TorchEra.V2_15)).uniform(-1, 0, exact, TorchDtype.FLOAT32);
        float[] above = new float[wide.length];
        new TorchGenerator(1, TorchKernels.AVX2.withEra(TorchEra.V2_15)).uniform(1, 2, above, TorchDtype.BFLOAT16);
        int wrapped = 0;
        for (int i = 0; i < wide.length; i++) {
            assertTrue(above[i] >= 1 && above[i] < 2);
            if (exact[i] + 2 > 2 - 0x1p-8f) { // rounds to 2 in bfloat16
                assertEquals(1, above[i]);
                wrapped++;
            }
        }
        assertTrue(wrapped > 100, wrapped + " of about 390");
    }

    /** {@code torch.manual_seed} takes negative seeds and such of more than 32 bits; the low 32 bits decide. */
    @Test
    void onlyTheLowBitsOfTheSeedMatter() {
        float[] expected = values(0xFFFF_FFFBL);
        assertArrayEquals(expected, values(-5));
        assertArrayEquals(expected, values((77L << 32) + 0xFFFF_FFFBL));
        assertFalse(Arrays.equals(expected, values(5)));
    }

    private static float[] values(long seed) {
        TorchReplay replay = TorchReplay.of(NN.linear(5, 3, true), seed, TorchDtype.FLOAT32, TorchKernels.AVX2);
        return replay.tensor("weight").init().floats();
    }

    /** Placing makes no values: a model that no machine holds has its positions, and its small tensors their values' place. */
    @Test
    void positionsBeyondThirtyTwoBits() {
        TorchModule model = NN.sequential(NN.linear(1 << 20, 1 << 20, false), NN.linear(4, 3, true));
        TorchReplay replay = TorchReplay.of(model, 1, TorchDtype.FLOAT64, TorchKernels.AVX2);
        assertEquals((1L << 41) + 24, replay.tensor("1.bias").init().start().draw());
        TorchInit large = replay.tensor("0.weight").init();
        ArithmeticException error = assertThrows(ArithmeticException.class, large::doubles);
        assertEquals(
                "a tensor of shape [1048576, 1048576] and dtype FLOAT64 has 1099511627776 elements, more than one Java array holds",
                error.getMessage());
        assertThrows(ArithmeticException.class, large::bytes);
        StreamPosition last = StreamPosition.at(Long.MAX_VALUE - 1);
        assertThrows(ArithmeticException.class, () -> last.afterUniform(2, TorchDtype.FLOAT32));
        assertThrows(ArithmeticException.class, () -> last.afterNormal(1, TorchDtype.FLOAT32, TorchEra.V1_2));
    }

    /** The state dict's order is not the order of the draws: attention draws its output projection first. */
    @Test
    void attentionDrawsItsLastTensorFirst() {
        TorchReplay replay =
                TorchReplay.of(TorchAttention.of(4).module(NN.era()), 1, TorchDtype.FLOAT32, TorchKernels.AVX2);
        assertEquals(
                List.of("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"),
                replay.tensors().stream().map(TorchReplay.Tensor::name).toList());
        assertEquals(20, replay.tensor("in_proj_weight").init().start().draw());
        assertEquals(0, replay.tensor("out_proj.weight").init().start().draw());
        assertEquals(TorchRule.ZEROS, replay.tensor("out_proj.bias").rule());
        assertEquals(68, replay.end().draw());
    }

    /** The padding row is drawn like every other and then set to zero. */
    @Test
    void thePaddingRowIsDrawnAndZeroed() {
        float[] plain = embedding(OptionalLong.empty());
        float[] padded = embedding(OptionalLong.of(2));
        Arrays.fill(plain, 2 * 7, 3 * 7, 0);
        assertArrayEquals(plain, padded);
    }

    private static float[] embedding(OptionalLong padding) {
        return TorchReplay.of(NN.embedding(5, 7, padding), 8, TorchDtype.FLOAT32, TorchKernels.AVX2)
                .tensor("weight")
                .init()
                .floats();
    }

    @Test
    void errorsSayWhatIsWrong() {
        assertThrows(IllegalArgumentException.class, () -> NN.linear(0, 3, true));
        assertThrows(IllegalArgumentException.class, () -> NN.embedding(3, 2, OptionalLong.of(3)));
        assertThrows(IllegalArgumentException.class, () -> new TorchConvolution(3, 4, List.of(2L), 2, true, false));
        assertThrows(
                IllegalArgumentException.class,
                () -> new TorchRecurrent(TorchRecurrent.Kind.GRU, 3, 4, 1, true, false, 2));
        assertThrows(
                IllegalArgumentException.class,
                () -> new TorchRecurrent(TorchRecurrent.Kind.LSTM, 3, 4, 2, true, false, 0).cell(NN.era()));
        assertThrows(IllegalArgumentException.class, () -> TorchRule.parse("dense"));
        assertThrows(IllegalArgumentException.class, () -> TorchVariant.parse("fma"));
        assertThrows(IllegalArgumentException.class, () -> StreamPosition.at(-1));
        assertThrows(IllegalArgumentException.class, () -> new StreamPosition(4, 1));
        assertThrows(IllegalArgumentException.class, () -> new TorchFill.Uniform(1, 0));
        assertThrows(IllegalArgumentException.class, () -> new TorchFill.Uniform(Double.NaN, 0));
        assertThrows(IllegalArgumentException.class, () -> new TorchFill.Normal(0, -1));
        assertThrows(IllegalArgumentException.class, () -> new TorchFill.ZeroRow(new TorchFill.Constant(1), -1));
        TensorShape vector = TensorShape.of(4);
        assertThrows(IllegalArgumentException.class, () -> TorchRule.LSTM.fill(vector, 0, TorchEra.V1_2));
        assertThrows(
                IllegalArgumentException.class,
                () -> TorchRule.XAVIER_UNIFORM.fill(vector, TorchRule.NO_FAN, TorchEra.V1_2));
        TorchReplay replay = TorchReplay.of(NN.linear(2, 3, true), 1, TorchDtype.FLOAT64, TorchKernels.AVX2);
        assertThrows(IllegalArgumentException.class, () -> replay.tensor("gain"));
        assertThrows(
                IllegalArgumentException.class,
                () -> replay.tensor("weight").init().floats());
        TorchGenerator generator = new TorchGenerator(1, TorchKernels.AVX2);
        generator.advanceTo(StreamPosition.at(10));
        assertThrows(IllegalArgumentException.class, () -> generator.advanceTo(StreamPosition.at(9)));
        assertThrows(IllegalArgumentException.class, () -> generator.uniform(0, 1, new float[1], TorchDtype.FLOAT64));
        assertThrows(IllegalArgumentException.class, () -> generator.uniform(1, 0, new double[1]));
        assertThrows(IllegalArgumentException.class, () -> generator.normal(0, Double.NaN, new double[1]));
        assertThrows(
                IllegalArgumentException.class, () -> generator.uniform(-3e38, 3e38, new float[1], TorchDtype.FLOAT32));
        assertThrows(
                IllegalArgumentException.class, () -> generator.uniform(0, 65505, new float[1], TorchDtype.FLOAT16));
        assertThrows(IllegalArgumentException.class, () -> generator.uniform(Double.NaN, 1, new double[1]));
        assertThrows(IllegalArgumentException.class, () -> NN.norm(true));
        assertThrows(IllegalArgumentException.class, () -> NN.norm(true, 0));
        assertThrows(IllegalArgumentException.class, () -> TorchAttention.of(4).module(TorchEra.V1_0));
        StreamPosition ten = StreamPosition.at(10);
        assertThrows(IllegalArgumentException.class, () -> ten.afterUniform(-1, TorchDtype.FLOAT32));
        assertThrows(IllegalArgumentException.class, () -> ten.afterNormal(-1, TorchDtype.FLOAT32, TorchEra.V1_2));
        assertThrows(IllegalArgumentException.class, () -> ten.afterNormal(3, TorchDtype.INT64, TorchEra.V1_2));
        assertEquals(10, generator.position().draw(), "an argument that is refused draws nothing");
    }

    @Test
    void aModuleIsChecked() {
        TorchModule.Builder unwritten = TorchModule.builder(TorchEra.V1_2).tensor("weight", 2, 3);
        assertThrows(IllegalArgumentException.class, unwritten::build);
        TorchModule linear = NN.linear(2, 3, true);
        assertThrows(
                IllegalArgumentException.class,
                () -> TorchModule.builder(TorchEra.V1_2)
                        .child("a", linear)
                        .child("a", linear)
                        .build());
        assertThrows(
                IllegalArgumentException.class,
                () -> TorchModule.builder(TorchEra.V1_2).copy("b", linear, "a").build());
        assertThrows(
                IllegalArgumentException.class,
                () -> TorchModule.builder(TorchEra.V1_2).fill("weight", TorchRule.ONES, TorchRule.NO_FAN));
        TorchTensor weight = new TorchTensor("w", TensorShape.of(2), false);
        assertThrows(
                IllegalArgumentException.class,
                () -> new TorchModule(List.of(weight), List.of(new TorchStep.Copy("w", "v"))));
        assertThrows(
                IllegalArgumentException.class,
                () -> new TorchModule(List.of(), List.of(new TorchStep.Copy("w", "v"))));
        assertThrows(IllegalArgumentException.class, () -> new TorchTensor("", TensorShape.of(2), false));
    }
}
