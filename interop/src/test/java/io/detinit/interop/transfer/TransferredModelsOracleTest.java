package io.detinit.interop.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nets that PyTorch's exporters turned into ONNX (folded batch norms, transposed and copied weights, reordered gates, a split
 * attention): with the masks of the .pt, ONNX Runtime computes what the masked net computes in PyTorch. Run by {@code mvn -Poracle},
 * with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch, onnx and onnxruntime.
 */
@Tag("oracle")
class TransferredModelsOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/transferred_models.py");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void aMaskedExportComputesWhatTheMaskedNetComputes() throws Exception {
        JsonNode exported = lastLine(OraclePython.run(SCRIPT, "export", folder));
        int files = 0;
        for (String model : List.of("convolutional", "sequence")) {
            MaskFile masks = masks(model);
            for (JsonNode file : exported.path(model)) {
                prune(masks, model, file.asText());
                files++;
            }
        }
        assertTrue(files >= 2);
        JsonNode results = lastLine(OraclePython.run(SCRIPT, "check", folder));
        assertEquals(files, results.size());
        results.properties().forEach(result -> {
            assertTrue(result.getValue().path("difference").asDouble() < 1e-5, result.toString());
            assertTrue(result.getValue().path("change").asDouble() > 1e-2, result.toString());
        });
    }

    private static JsonNode lastLine(String output) throws IOException {
        return JSON.readTree(output.substring(output.stripTrailing().lastIndexOf('\n') + 1));
    }

    private MaskFile masks(String model) throws IOException {
        Map<String, Mask> masks = new LinkedHashMap<>();
        try (Checkpoint from = Checkpoints.open(folder.resolve(model + ".pt"))) {
            for (Parameter parameter : Parameter.of(from)) {
                if (parameter.shape().rank() >= 2) {
                    Random random = new Random(masks.size());
                    masks.put(parameter.name(), Mask.of(parameter.shape(), element -> random.nextInt(5) > 1));
                }
            }
        }
        Path file = folder.resolve(model + ".masks.safetensors");
        MaskRecord record = MaskRecord.of("test", List.of(), "detinit test");
        MaskFile.write(file, new StoredMasks(masks, Set.of(), true), record, Optional.empty());
        return MaskFile.read(file);
    }

    private void prune(MaskFile masks, String model, String file) throws IOException {
        try (Checkpoint from = Checkpoints.open(folder.resolve(model + ".pt"));
                Checkpoint to = Checkpoints.open(folder.resolve(file))) {
            MaskTransfer transfer = MaskTransfer.of(masks, from, to, 2);
            assertEquals(List.of(), transfer.unmatched(), file);
            assertEquals(List.of(), transfer.warnings(), file);
            Path output = folder.resolve(file + ".pruned.onnx");
            Pruner.zero(to, transfer.masks().masks(), Destination.dense(output, Map.of()));
        }
    }
}
