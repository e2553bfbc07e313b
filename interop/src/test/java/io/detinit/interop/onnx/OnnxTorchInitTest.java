package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchRule;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Untrained ONNX models that PyTorch wrote, against the replay of PyTorch's default initialisation. */
class OnnxTorchInitTest {

    private static float[] read(OnnxCheckpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static float[] replay(long seed, TorchRule rule, long fan, long draw, TorchKernels kernels, long... dims) {
        return TorchInit.of(seed, rule, TensorShape.of(dims), fan, draw, TorchDtype.FLOAT32, kernels)
                .floats();
    }

    /** PyTorch 2.10, seed 0. */
    @Test
    void aConvolutionInThreeDimensions() throws IOException {
        try (OnnxCheckpoint model = OnnxCheckpoint.open(SharedFiles.path("fixtures/onnx/burn-conv3d.onnx"))) {
            TorchKernels fused = TorchKernels.AVX2;
            assertArrayEquals(replay(0, TorchRule.CONV, 150, 0, fused, 6, 2, 3, 5, 5), read(model, "conv1.weight"));
            assertArrayEquals(replay(0, TorchRule.CONV, 150, 900, fused, 6), read(model, "conv1.bias"));
        }
    }

    /** PyTorch 2.10, seed 0; the exporter has transposed the third layer's weight. */
    @Test
    void threeLinearLayers() throws IOException {
        try (OnnxCheckpoint model = OnnxCheckpoint.open(SharedFiles.path("fixtures/onnx/burn-linear.onnx"))) {
            TorchKernels fused = TorchKernels.AVX2;
            assertArrayEquals(replay(0, TorchRule.LINEAR, 3, 0, fused, 4, 3), read(model, "linear1_with_gemm.weight"));
            assertArrayEquals(replay(0, TorchRule.LINEAR, 3, 12, fused, 4), read(model, "linear1_with_gemm.bias"));
            assertArrayEquals(
                    replay(0, TorchRule.LINEAR, 5, 16, fused, 6, 5), read(model, "linear2_with_matmul.weight"));
            float[] third = replay(0, TorchRule.LINEAR, 7, 46, fused, 8, 7);
            float[] transposed = read(model, "val_0");
            assertEquals(third.length, transposed.length);
            for (int out = 0; out < 8; out++) {
                for (int in = 0; in < 7; in++) {
                    assertEquals(third[out * 7 + in], transposed[in * 8 + out]);
                }
            }
            assertArrayEquals(replay(0, TorchRule.LINEAR, 7, 102, fused, 8), read(model, "linear3_with_matmul.bias"));
        }
    }

    private static Stream<Arguments> oldModels() {
        return Stream.of(
                Arguments.of("Linear", TorchRule.LINEAR, 10, 2407, new long[] {8, 10}, 8),
                Arguments.of("Conv2d", TorchRule.CONV, 3 * 6, 28414, new long[] {4, 3, 3, 2}, 4),
                Arguments.of("ConvTranspose2d", TorchRule.CONV_TRANSPOSE, 3 * 9, 32498, new long[] {3, 4, 3, 3}, 4),
                Arguments.of("Conv3d_groups", TorchRule.CONV, 4 * 27, 51726, new long[] {6, 2, 3, 3, 3}, 6));
    }

    /**
     * PyTorch 0.3, seed 1234, so many draws into its test suite: a transposed convolution takes its 3 input channels for its
     * fan, a grouped one all of its 4.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("oldModels")
    void theRulesBeforeVersionOne(String name, TorchRule rule, long fan, long draw, long[] weight, long bias)
            throws IOException {
        String file = "fixtures/onnx/onnx-pytorch-converted-" + name + ".onnx";
        try (OnnxCheckpoint model = OnnxCheckpoint.open(SharedFiles.path(file))) {
            TorchKernels old = TorchKernels.DEFAULT.withEra(TorchEra.V0_4);
            float[] expected = replay(1234, rule, fan, draw, old, weight);
            assertArrayEquals(expected, read(model, "1"));
            assertArrayEquals(replay(1234, rule, fan, draw + expected.length, old, bias), read(model, "2"));
        }
    }

    /** PyTorch 0.3 drew BatchNorm's weight from [0, 1). */
    @Test
    void batchNormBeforeVersionOneTwo() throws IOException {
        String file = "fixtures/onnx/onnx-pytorch-converted-BatchNorm2d_eval.onnx";
        try (OnnxCheckpoint model = OnnxCheckpoint.open(SharedFiles.path(file))) {
            TorchKernels old = TorchKernels.DEFAULT.withEra(TorchEra.V0_4);
            float[] weight = replay(1234, TorchRule.BATCH_NORM, TorchRule.NO_FAN, 18069, old, 3);
            assertArrayEquals(weight, read(model, "1"));
            assertArrayEquals(new float[3], read(model, "2"));
        }
    }

    /**
     * PyTorch 0.3: twelve normals, in pairs. The first is the second of a pair that began at draw 27215 and had been kept over
     * 41,669 draws; the sine of the last pair is left over.
     */
    @Test
    void anEmbeddingThatBeginsWithAKeptNormal() throws IOException {
        String file = "fixtures/onnx/onnx-pytorch-converted-Embedding.onnx";
        try (OnnxCheckpoint model = OnnxCheckpoint.open(SharedFiles.path(file))) {
            TorchKernels old = TorchKernels.DEFAULT.withEra(TorchEra.V0_4);
            StreamPosition start = new StreamPosition(68888, 27215);
            TensorShape shape = TensorShape.of(4, 3);
            TorchFill fill = TorchRule.EMBEDDING.fill(shape, TorchRule.NO_FAN, TorchEra.V0_4);
            TorchInit init = new TorchInit(1234, start, shape, TorchDtype.FLOAT32, fill, old);
            assertArrayEquals(init.floats(), read(model, "1"));
            assertEquals(new StreamPosition(68912, 68908), init.end());
        }
    }
}
