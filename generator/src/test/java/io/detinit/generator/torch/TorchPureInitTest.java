package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.detinit.generator.torch.TorchModules.Child;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Untrained files that other people published: their seeds are known from their sources or were found from the values. */
class TorchPureInitTest {

    private static final TorchModules NN = TorchModules.CURRENT;

    private static TorchModule upscaler() {
        TorchModule[] layers = new TorchModule[14];
        Arrays.fill(layers, NN.stateless());
        long[] channels = {6, 72, 36, 18, 9, 3};
        for (int i = 0; i < 5; i++) {
            layers[3 * i] = new TorchConvolution(channels[i], channels[i + 1], List.of(4L, 4L), 1, false, true)
                    .module(NN.era());
            if (i < 4) {
                layers[3 * i + 1] = NN.batchNorm(channels[i + 1]);
            }
        }
        return NN.container(List.of(new Child("main", NN.sequential(layers))));
    }

    private static TorchModule fiveConvolutions() {
        TorchModule conv = NN.conv(2, 2, 3, 3);
        TorchModule relu = NN.stateless();
        return NN.container(
                List.of(new Child("fc", NN.sequential(conv, relu, conv, relu, conv, relu, conv, relu, conv))));
    }

    private static TorchModule twoLinear() {
        return NN.container(List.of(new Child("fc1", NN.linear(2, 3, true)), new Child("fc2", NN.linear(3, 4, false))));
    }

    private static TorchModule twoTransposed() {
        TorchModule second = new TorchConvolution(2, 2, List.of(2L, 2L), 1, false, true).module(NN.era());
        return NN.container(List.of(new Child("conv1", NN.convTranspose(2, 2, 2, 2)), new Child("conv2", second)));
    }

    private static Stream<Arguments> files() {
        TorchModule embedding = NN.embedding(10, 3, OptionalLong.empty());
        return Stream.of(
                Arguments.of("burn-linear.pt", twoLinear(), 1, TorchVariant.SEPARATE),
                Arguments.of("conv_transpose2d.pt", twoTransposed(), 1, TorchVariant.SEPARATE),
                Arguments.of("non_contiguous_indexes.pt", fiveConvolutions(), 1, TorchVariant.FUSED),
                Arguments.of("torch-package-test_nn_module.pt", upscaler(), 1234, TorchVariant.SEPARATE),
                Arguments.of("embedding.pt", embedding, 1, TorchVariant.SEPARATE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void everyTensorBitForBit(String file, TorchModule module, long seed, TorchVariant variant) throws IOException {
        Map<Integer, byte[]> storages = ZipStorages.read(SharedFiles.path("fixtures/pt-zip/" + file));
        TorchReplay replay = TorchReplay.of(module, seed, TorchDtype.FLOAT32, TorchKernels.of(variant));
        assertEquals(storages.size(), replay.tensors().size());
        int number = 0;
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            assertArrayEquals(storages.get(number), tensor.init().bytes(), tensor.name());
            number++;
        }
    }

    /** The variant is a property of the file: with the other one, some value's last bit differs. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void theOtherVariantDiffers(String file, TorchModule module, long seed, TorchVariant variant) throws IOException {
        Map<Integer, byte[]> storages = ZipStorages.read(SharedFiles.path("fixtures/pt-zip/" + file));
        TorchVariant other = variant == TorchVariant.FUSED ? TorchVariant.SEPARATE : TorchVariant.FUSED;
        TorchReplay replay = TorchReplay.of(module, seed, TorchDtype.FLOAT32, TorchKernels.of(other));
        byte[] first = replay.tensors().get(0).init().bytes();
        assertFalse(Arrays.equals(storages.get(0), first), "both variants give the same first tensor");
    }
}
