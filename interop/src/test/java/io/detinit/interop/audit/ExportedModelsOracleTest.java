package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same model as .pt, TorchScript, safetensors and ONNX of both exporters, with prefixes, transposed and renamed weights, gives
 * the counts that PyTorch itself takes; convolutions into which a batch norm was folded are recognised. Run by {@code mvn -Poracle},
 * with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch.
 */
@Tag("oracle")
class ExportedModelsOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/exported_models.py");

    @TempDir
    Path folder;

    @Test
    void everyFormatGivesTheSameCounts() throws Exception {
        JsonNode facts = facts();
        for (String model : List.of("attention", "convolutional")) {
            for (JsonNode file : facts.path(model).path("files")) {
                check(model, file.asText(), facts.path(model).path("moved"));
            }
        }
    }

    private void check(String model, String file, JsonNode moved) throws IOException {
        try (Checkpoint initial = Checkpoints.open(folder.resolve(model + ".initial.pt"));
                Checkpoint trained = Checkpoints.open(folder.resolve(model + file))) {
            Baseline baseline = Baseline.of(initial, trained);
            AuditReport report = new Auditor(AuditOptions.of(new Threshold(1e-3)), 2).audit(trained, baseline);
            Set<String> audited = new HashSet<>();
            for (TensorAudit tensor : report.tensors()) {
                if (tensor.audited()) {
                    audited.add(tensor.baselineName());
                    assertEquals(
                            moved.path(tensor.baselineName()).longValue(),
                            tensor.moved(),
                            model + file + " " + tensor.name());
                }
            }
            assertEquals(expected(moved, model, file), audited, model + file);
            assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
        }
    }

    /** Every parameter, but of an ONNX model no batch norm and no convolution before one. */
    private static Set<String> expected(JsonNode moved, String model, String file) {
        Set<String> names = new HashSet<>();
        moved.fieldNames().forEachRemaining(names::add);
        assertTrue(names.size() >= 10);
        if (model.equals("convolutional") && file.endsWith(".onnx")) {
            names.removeIf(name -> name.startsWith("bn") || name.startsWith("conv1") || name.startsWith("conv2"));
        }
        return names;
    }

    private JsonNode facts() throws IOException, InterruptedException {
        String output = OraclePython.run(SCRIPT, folder);
        return new ObjectMapper().readTree(output.substring(output.lastIndexOf("{\"attention\"")));
    }
}
