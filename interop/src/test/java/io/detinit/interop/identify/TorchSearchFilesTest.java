package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of other people, and of this project's own trainings, whose seeds are known. */
class TorchSearchFilesTest {

    private static final TorchSeeds SEEDS = TorchSeeds.range(0, 60).then(TorchSeeds.of(List.of(1234L)));

    private record Answer(TorchSearchResult search, Optional<TorchIdentification> plan, int parameters) {}

    private static Answer ask(String file) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path("fixtures/" + file))) {
            List<Parameter> parameters = Parameter.of(checkpoint);
            Set<String> names = checkpoint.tensors().stream()
                    .map(tensor -> tensor.info().name())
                    .collect(Collectors.toSet());
            TorchSearchResult result = new TorchSearch(SEEDS, 1 << 16, 2).search(parameters, names, (done, of) -> {});
            if (result.best().isEmpty()) {
                return new Answer(result, Optional.empty(), parameters.size());
            }
            TorchHit hit = result.best().get();
            TorchIdentification plan = new TorchPlanner(1 << 18).plan(parameters, names, hit.seed(), result.best());
            assertEquals(
                    plan.plan().tensors().stream().map(tensor -> tensor.start()).toList(),
                    new TorchPlanner(1 << 18)
                            .plan(parameters, names, hit.seed(), Optional.empty()).plan().tensors().stream()
                                    .map(tensor -> tensor.start())
                                    .toList(),
                    "the plan without the search's hint");
            return new Answer(result, Optional.of(plan), parameters.size());
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "pt-zip/california_model.pt, 1234, fused, 8, 2494",
        "trained/mlp-torchdefault.pt, 42, fused, 6, 6550",
        "trained/mlp-torchdefault.onnx, 42, fused, 6, 6550",
        "trained/mlp-torchdefault.safetensors, 42, fused, 6, 6550",
        "trained/cnn-torchdefault.legacy.pt, 42, unknown, 8, 0",
        "trained/cnn-torchdefault.torchscript.pt, 42, unknown, 8, 0",
        "trained/cnn-torchdefault.folded.onnx, 42, unknown, 4, 0",
        "pt-zip/burn-linear.pt, 1, separate, 3, 21",
        "pt-zip/conv_transpose2d.pt, 1, separate, 3, 34",
        "pt-zip/non_contiguous_indexes.pt, 1, fused, 10, 190",
        "pt-zip/embedding.pt, 1, unknown, 1, 30",
        "pt-zip/torch-package-test_nn_module.pt, 1234, separate, 13, 61776",
        "onnx/burn-conv3d.onnx, 0, fused, 2, 906",
        "onnx/burn-linear.onnx, 0, fused, 5, 110",
        "onnx/onnx-pytorch-converted-ConvTranspose2d.onnx, 1234, separate, 2, 112",
        "onnx/onnx-pytorch-converted-Linear.onnx, 1234, separate, 2, 88",
        "onnx/tribuo-cnn_mnist.onnx, 1, unknown, 8, 0",
        "pt-legacy/sagemaker-mnist-cpu-torch_model.pth, 1, unknown, 8, 0",
        "pt-legacy/khushbu-lenet-mnist_cnn.pt, 1, separate, 10, 362",
        "torch-init/double.default.seed42.pt, 42, separate, 2, 630",
        "torch-init/after_other_draws.avx2.seed42.pt, 42, fused, 2, 630",
        "torch-init/encoder2.avx2.seed42.pt, 42, fused, 24, 3664",
        "torch-init/lstm_proj.default.seed42.pt, 42, separate, 5, 1460",
    })
    void knownSeeds(String file, long seed, String variant, int planned, long identical) throws IOException {
        Answer answer = ask(file);
        assertTrue(answer.search().best().isPresent(), () -> answer.search().toString());
        assertEquals(seed, answer.search().best().get().seed());
        TorchIdentification plan = answer.plan().orElseThrow();
        assertEquals(
                planned, plan.plan().tensors().size(), () -> plan.placements().toString());
        assertEquals(identical, plan.identical(), () -> plan.placements().toString());
        assertEquals(
                variant, plan.variant().map(TorchVariant::id).orElse("unknown").toLowerCase(Locale.ROOT));
    }

    /** 2,460 of the 6,310 weights of the file's matrices never moved, whole rows among them. */
    @Test
    void everyUnmovedWeightOfATutorial() throws IOException {
        TorchIdentification plan = ask("pt-zip/california_model.pt").plan().orElseThrow();
        long[] counts = new long[2];
        for (TorchPlacement placement : plan.placements()) {
            counts[placement.name().endsWith("weight") ? 0 : 1] += placement.identical();
        }
        assertEquals(2460, counts[0]);
        assertEquals(34, counts[1]);
    }

    /** Weights that were not drawn by a default initialisation, or after no seed that is tried. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "pt-legacy/titanic_model.pt",
                "pt-legacy/band-gap.pth.tar",
                "pt-zip/model.pth",
                "pt-zip/checkpoint.pt",
                "trained/mlp-addressable.pt",
                "onnx/cntk-mnist.onnx",
                "onnx/gs-lstm.onnx"
            })
    void noSeed(String file) throws IOException {
        Answer answer = ask(file);
        assertEquals(Optional.empty(), answer.search().best());
        assertEquals(SEEDS.size(), answer.search().seeds());
    }

    /** A net whose weights its own code drew anew: biases alone are as PyTorch made them, and the plan says no more. */
    @Test
    void weightsThatWereDrawnOtherwiseAreLeftOut() throws IOException {
        TorchIdentification plan =
                ask("pt-legacy/udacity-ddpg-actor.pth").plan().orElseThrow();
        List<String> planned = new ArrayList<>();
        plan.plan().tensors().forEach(tensor -> planned.add(tensor.name()));
        assertEquals(
                List.of("fc1.bias", "fc2.bias"),
                planned.stream().filter(name -> !name.startsWith("fc3")).toList());
    }
}
