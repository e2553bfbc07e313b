package io.detinit.interop.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.export.OnnxExporter;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.models.ModelSpec;
import io.detinit.models.ParameterNames;
import io.detinit.models.Seeding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Live DJL parameters, a safetensors file and an ONNX file of one model give the same audit, figure for figure. */
class LiveAuditTest {

    @TempDir
    Path folder;

    @Test
    void oneModelInThreeFormsGivesOneAudit() throws IOException {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Block block = ModelSpec.parse("mlp:12-7-3").newBlock();
            InitPlan plan = Seeding.seed(block, 11, InitRules.he(), manager, DataType.FLOAT32, new Shape(1, 12));
            Map<String, Parameter> parameters = ParameterNames.of(block);
            NDArray bias = parameters.get("fc1.bias").getArray();
            float[] moved = new float[7];
            Arrays.fill(moved, 0.25f);
            bias.set(moved);
            NDArray weight = parameters.get("fc2.weight").getArray();
            float[] values = weight.toFloatArray();
            values[4] += 1;
            weight.set(values);

            List<ArrayTensor> live = DjlTensors.of(parameters);
            Map<String, String> metadata = Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan));
            SafetensorsWriter.write(folder.resolve("m.safetensors"), live, metadata);
            OnnxExporter.write(
                    folder.resolve("m.onnx"), block, new Shape(12), ParameterNames.namer(parameters), metadata);

            Auditor auditor = new Auditor(AuditOptions.of(Threshold.DEFAULT), 2);
            AuditReport expected = auditor.audit(live, Baseline.of(plan, live));
            assertEquals(8, expected.moved());
            for (String name : List.of("m.safetensors", "m.onnx")) {
                try (Checkpoint checkpoint = Checkpoints.open(folder.resolve(name))) {
                    Plan read = Checkpoints.plan(checkpoint).orElseThrow();
                    assertEquals(new Plan.Addressed(plan), read);
                    assertEquals(expected, auditor.audit(checkpoint, Baseline.of(read, checkpoint)), name);
                }
            }
            assertTrue(expected.provenance().verdict() == Provenance.Verdict.MATCH);
        }
    }
}
