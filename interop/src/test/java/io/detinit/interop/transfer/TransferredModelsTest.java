package io.detinit.interop.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nets that PyTorch trained and saved in every format: the masks of the .pt fit each of them, weight by weight. */
class TransferredModelsTest {

    private static final MaskRecord RECORD = MaskRecord.of("test", List.of(), "detinit test");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "mlp-addressable, legacy.pt, 3, 0",
        "mlp-addressable, ckpt, 3, 0",
        "mlp-addressable, torchscript.pt, 3, 0",
        "mlp-addressable, safetensors, 3, 0",
        "mlp-addressable, fp16.pt, 3, 0",
        "mlp-addressable, bf16.pt, 3, 0",
        "mlp-addressable, onnx, 3, 0",
        "mlp-addressable, folded.onnx, 3, 0",
        "mlp-torchdefault, onnx, 3, 0",
        "mlp-torchdefault, folded.onnx, 3, 0",
        "cnn-torchdefault, torchscript.pt, 2, 0",
        "cnn-torchdefault, onnx, 2, 1",
        "cnn-torchdefault, folded.onnx, 2, 1",
    })
    void theMasksOfThePtPruneTheSameWeights(String model, String ending, int same, int scaled) throws IOException {
        Path to = SharedFiles.path("fixtures/trained/" + model + "." + ending);
        Path pruned = folder.resolve("pruned");
        try (Checkpoint from = Checkpoints.open(SharedFiles.path("fixtures/trained/" + model + ".pt"));
                Checkpoint target = Checkpoints.open(to)) {
            Map<String, Mask> masks = masks(from);
            MaskTransfer transfer = MaskTransfer.of(write(masks), from, target, 2);
            assertEquals(List.of(), transfer.unmatched());
            assertEquals(List.of(), transfer.warnings());
            long least = transfer.transferred().stream()
                    .filter(one -> one.content().isSame())
                    .count();
            assertTrue(least >= same, transfer.toString());
            assertEquals(
                    scaled,
                    transfer.transferred().stream()
                            .filter(one -> one.content() == Content.SCALED)
                            .count());
            assertEquals(masks.size(), transfer.transferred().size());
            Pruner.zero(target, transfer.masks().masks(), Destination.dense(pruned, Map.of()));
            check(masks, transfer, target, pruned);
        }
        if (ending.endsWith("onnx")) {
            runs(pruned);
        }
    }

    /** About a third of each weight is pruned, without a pattern that two layers share. */
    private static Map<String, Mask> masks(Checkpoint from) {
        Map<String, Mask> masks = new LinkedHashMap<>();
        for (Parameter parameter : Parameter.of(from)) {
            if (parameter.shape().rank() >= 2) {
                Random random = new Random(masks.size());
                masks.put(parameter.name(), Mask.of(parameter.shape(), element -> random.nextInt(3) > 0));
            }
        }
        return masks;
    }

    private MaskFile write(Map<String, Mask> masks) throws IOException {
        Path file = folder.resolve("masks.safetensors");
        MaskFile.write(file, new StoredMasks(masks, Set.of(), true), RECORD, Optional.empty());
        return MaskFile.read(file);
    }

    /** Each masked weight is zero, every other one is that of the file, in the order of the .pt. */
    private static void check(Map<String, Mask> masks, MaskTransfer transfer, Checkpoint before, Path pruned)
            throws IOException {
        try (Checkpoint after = Checkpoints.open(pruned)) {
            Map<String, Mask> left = new LinkedHashMap<>();
            transfer.transferred()
                    .forEach(one -> left.put(one.name(), masks.get(one.sources().get(0))));
            Map<String, Parameter> old = new LinkedHashMap<>();
            Parameter.of(before).forEach(parameter -> old.put(parameter.name(), parameter));
            for (Parameter parameter : Parameter.of(after)) {
                float[] expected = values(old.get(parameter.name()).view());
                Mask mask = left.remove(parameter.name());
                for (int k = 0; mask != null && k < expected.length; k++) {
                    expected[k] = mask.keeps(k) ? expected[k] : 0;
                }
                assertArrayEquals(expected, values(parameter.view(parameter.order())), parameter.name());
            }
            assertEquals(Map.of(), left);
        }
    }

    private static float[] values(TensorView tensor) throws IOException {
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static void runs(Path model) throws IOException {
        float[] sample = new float[784];
        for (int k = 0; k < sample.length; k++) {
            sample[k] = (float) Math.sin(k);
        }
        try (OnnxScorer scorer = OnnxScorer.open(model, 1)) {
            float[] logits = scorer.logits(sample, 784, 1);
            assertEquals(10, logits.length);
            for (float logit : logits) {
                assertTrue(Float.isFinite(logit));
            }
        }
    }
}
