package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitRules;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.identify.TorchPlanner;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nets that PyTorch trained; the true counts at four thresholds were taken by PyTorch against what it began with. */
class TrainedModelsTest {

    private static final List<Threshold> THRESHOLDS =
            List.of(new Threshold(0), new Threshold(1e-5), new Threshold(1e-3), new Threshold(1e-2));

    @ParameterizedTest
    @CsvSource({
        "mlp-addressable, pt, 6",
        "mlp-addressable, legacy.pt, 6",
        "mlp-addressable, ckpt, 6",
        "mlp-addressable, torchscript.pt, 6",
        "mlp-addressable, safetensors, 6",
        "mlp-addressable, onnx, 6",
        "mlp-addressable, folded.onnx, 6",
        "mlp-torchdefault, pt, 6",
        "mlp-torchdefault, legacy.pt, 6",
        "mlp-torchdefault, torchscript.pt, 6",
        "mlp-torchdefault, safetensors, 6",
        "mlp-torchdefault, onnx, 6",
        "mlp-torchdefault, folded.onnx, 6",
        "cnn-torchdefault, pt, 8",
        "cnn-torchdefault, legacy.pt, 8",
        "cnn-torchdefault, torchscript.pt, 8",
        "cnn-torchdefault, safetensors, 8",
        "cnn-torchdefault, onnx, 4",
        "cnn-torchdefault, folded.onnx, 4",
    })
    void everyFormatHasTheTrueCounts(String model, String ending, int audited) throws IOException {
        JsonNode facts = new ObjectMapper()
                .readTree(SharedFiles.path("fixtures/trained/facts.json").toFile())
                .path(model)
                .path("moved_against_true_init");
        try (Checkpoint checkpoint = Checkpoints.open(SharedFiles.path("fixtures/trained/" + model + "." + ending))) {
            AuditReport report = new Auditor(new AuditOptions(THRESHOLDS, 1, false), 2)
                    .audit(checkpoint, Baseline.of(plan(model, checkpoint), checkpoint));
            int compared = 0;
            for (TensorAudit audit : report.tensors()) {
                if (audit.audited()) {
                    JsonNode fact = facts.path(audit.name().replace("state_dict.", ""));
                    assertFalse(fact.isEmpty(), audit.name());
                    assertEquals(counts(fact), audit.movedAt(), audit.name());
                    compared++;
                }
            }
            assertEquals(audited, compared);
            assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
        }
    }

    private static List<Long> counts(JsonNode fact) {
        return List.of(
                fact.path("moved>0").longValue(),
                fact.path("moved>1e-05").longValue(),
                fact.path("moved>0.001").longValue(),
                fact.path("moved>0.01").longValue());
    }

    private static Plan plan(String model, Checkpoint checkpoint) throws IOException {
        if (model.endsWith("addressable")) {
            return new Plan.Addressed(DefaultPlan.of(checkpoint, 42, InitRules.he()));
        }
        List<Parameter> parameters = Parameter.of(checkpoint);
        Set<String> names = checkpoint.tensors().stream()
                .map(tensor -> tensor.info().name())
                .collect(Collectors.toSet());
        TorchPlanner planner = new TorchPlanner(TorchPlanner.usualPositions(parameters));
        return new Plan.Replayed(
                planner.plan(parameters, names, 42, Optional.empty()).plan());
    }
}
