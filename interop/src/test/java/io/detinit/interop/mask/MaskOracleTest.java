package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.OraclePython;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Masks of a net that real PyTorch saved and trained go back into {@code torch.nn.utils.prune.custom_from_mask}. Run by
 * {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch (2.15.0 and Debian's
 * 1.13.0 when this was written).
 */
@Tag("oracle")
class MaskOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/torch_masks.py");
    private static final double THRESHOLD = 1e-3;

    @TempDir
    Path folder;

    private static JsonNode python(Object... arguments) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(OraclePython.run(SCRIPT, arguments));
    }

    @Test
    void customFromMaskTakesEveryMask() throws Exception {
        Path before = folder.resolve("before.pt");
        Path after = folder.resolve("after.pt");
        Path file = folder.resolve("masks.safetensors");
        python("make", before, after);
        Map<String, Mask> masks;
        try (Checkpoint initial = Checkpoints.open(before);
                Checkpoint trained = Checkpoints.open(after)) {
            Baseline baseline = Baseline.of(initial, trained);
            Selection selection =
                    new Selection(Criterion.MOVEMENT, new Selection.AtMost(THRESHOLD), Selection.Scope.GLOBAL);
            masks = new LinkedHashMap<>(new Selector(baseline, 2).select(trained.tensors(), selection));
            assertEquals(
                    List.of("embed.weight", "conv.weight", "body.0.weight", "body.2.weight", "head.weight"),
                    List.copyOf(masks.keySet()));
            for (Parameter parameter : Parameter.of(trained)) { // biases and norm scales: every second one
                masks.computeIfAbsent(
                        parameter.name(), name -> Mask.of(parameter.shape(), element -> element % 2 == 0));
            }
            MaskRecord record = MaskRecord.of(selection, baseline, "after.pt", "detinit test");
            MaskFile.write(file, StoredMasks.of(masks, baseline), record, Optional.empty());
        }
        JsonNode kept = python("prune", before, after, file, THRESHOLD);
        assertEquals(masks.size(), kept.size());
        masks.forEach((name, mask) -> assertEquals(mask.kept(), kept.path(name).asLong(-1), name));
        Mask embedding = masks.get("embed.weight");
        assertTrue(embedding.kept() > 0 && embedding.kept() < embedding.size(), "some moved, some slept");
    }
}
