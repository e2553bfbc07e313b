package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that PyTorch trained from this generator's weights of seed 42, in every format, and models of other origin. */
class SeedFixturesTest {

    private static SeedResult search(String name) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path("fixtures/trained/" + name))) {
            InitPlan plan = DefaultPlan.of(checkpoint, 0, InitRules.he());
            List<SeedInterval> seeds = List.of(new SeedInterval(0, 500));
            return SeedIdentifier.search(checkpoint, plan, true, seeds, 2, SeedProgress.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp-addressable.safetensors",
                "mlp-addressable.pt",
                "mlp-addressable.ckpt",
                "mlp-addressable.legacy.pt",
                "mlp-addressable.torchscript.pt",
                "mlp-addressable.onnx",
                "mlp-addressable.folded.onnx",
                "mlp-addressable.fp16.pt",
                "mlp-addressable.bf16.pt"
            })
    void theSeedIsFoundInEveryFormat(String name) throws IOException {
        SeedResult result = search(name);
        assertEquals(1, result.matches().size());
        SeedMatch best = result.best().orElseThrow();
        assertEquals(42, best.seed());
        assertEquals(0.9891, best.evidence().correlation(), 0.0005);
        assertEquals(266_200, best.evidence().weights());
        assertTrue(best.tensors().stream().allMatch(fit -> fit.evidence().found() && !fit.changed()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp-torchdefault.safetensors", "mlp-torchdefault.onnx", "cnn-torchdefault.pt"})
    void anInitialisationByPyTorchHasNoSeedOfOurs(String name) throws IOException {
        assertTrue(search(name).best().isEmpty());
    }
}
