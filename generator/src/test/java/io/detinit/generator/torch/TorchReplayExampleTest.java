package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The example of docs/torch-replay.md: compiled here, and the document holds the very same lines. */
class TorchReplayExampleTest {

    @Test
    void theDocumentsLinesWork() {
        // example begin
        TorchModules nn = TorchModules.CURRENT;
        TorchModule model = nn.sequential( // Conv2d(1, 6, 5), BatchNorm2d(6), ReLU(), Linear(3456, 10)
                nn.conv(1, 6, 5, 5), nn.batchNorm(6), nn.stateless(), nn.linear(3456, 10, true));
        TorchReplay replay = TorchReplay.of(model, 42, TorchDtype.FLOAT32, TorchKernels.AVX2);
        Map<String, Long> draws = new LinkedHashMap<>(); // 0.weight=0, 0.bias=150, ..., 3.weight=156, 3.bias=34716
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            draws.put(tensor.name(), tensor.init().start().draw());
        }
        float[] weight = replay.tensor("3.weight").init().floats(); // the bits of torch.manual_seed(42)

        // the same tensor from what a plan says about it, in the other variant
        TorchInit alone = TorchInit.of(
                42, TorchRule.LINEAR, TensorShape.of(10, 3456), 3456, 156, TorchDtype.FLOAT32, TorchKernels.DEFAULT);
        // example end
        assertEquals(34726, replay.end().draw());
        assertEquals(
                List.of(0L, 150L, 156L, 34716L),
                List.of(draws.get("0.weight"), draws.get("0.bias"), draws.get("3.weight"), draws.get("3.bias")));
        assertEquals(9, draws.size());
        float[] other = alone.floats();
        int equal = 0;
        for (int i = 0; i < weight.length; i++) {
            assertEquals(weight[i], other[i], 0x1p-28f, "one place of the interval's length, 2/sqrt(3456)");
            equal += weight[i] == other[i] ? 1 : 0;
        }
        assertEquals(0.5, equal / (double) weight.length, 0.1);
        assertArrayEquals(
                weight,
                new TorchInit(
                                alone.seed(),
                                alone.start(),
                                alone.shape(),
                                alone.dtype(),
                                alone.fill(),
                                TorchKernels.of(TorchVariant.FUSED))
                        .floats());
    }

    @Test
    void theDocumentShowsTheseLines() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("detinit"))) {
            root = root.getParent();
        }
        String test = Files.readString(root.resolve("generator/src/test/java")
                .resolve(getClass().getName().replace('.', '/') + ".java"));
        String lines = test.substring(test.indexOf("// example begin") + 16, test.indexOf("// example end"))
                .strip()
                .replaceAll("\\n {8}", "\n");
        assertTrue(lines.lines().filter(line -> !line.isBlank()).count() <= 15);
        String document = Files.readString(root.resolve("docs/torch-replay.md"));
        assertTrue(document.contains(lines), "docs/torch-replay.md does not hold the example as it is compiled here");
    }
}
