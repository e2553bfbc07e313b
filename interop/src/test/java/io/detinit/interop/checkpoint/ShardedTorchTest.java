package io.detinit.interop.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards that are files of {@code torch.save}: {@code pytorch_model.bin.index.json}. */
class ShardedTorchTest {

    @TempDir
    Path folder;

    @Test
    void areOneCheckpointThatIsReadAndSeeded() throws IOException {
        Files.copy(
                SharedFiles.path("fixtures/pt-zip/module_load.pth"),
                folder.resolve("pytorch_model-00001-of-00002.bin"));
        Files.copy(
                SharedFiles.path("fixtures/pt-legacy/titanic_model.pt"),
                folder.resolve("pytorch_model-00002-of-00002.bin"));
        Path index = folder.resolve("pytorch_model.bin.index.json");
        Files.writeString(index, """
                {"metadata": {"total_size": 28}, "weight_map": {
                  "linear2.weight": "pytorch_model-00002-of-00002.bin",
                  "lin1.weight": "pytorch_model-00001-of-00002.bin",
                  "lin2.weight": "pytorch_model-00001-of-00002.bin"}}""");
        // Shards must be of one format, and these are two
        IOException mixed = assertThrows(IOException.class, () -> Checkpoints.open(folder));
        assertTrue(mixed.getMessage().contains("found pytorch-legacy"), mixed.getMessage());

        Files.delete(folder.resolve("pytorch_model-00002-of-00002.bin"));
        Files.copy(
                SharedFiles.path("fixtures/pt-zip/burn-linear.pt"), folder.resolve("pytorch_model-00002-of-00002.bin"));
        Files.writeString(index, Files.readString(index).replace("linear2.weight", "fc2.weight"));
        Path seeded = folder.resolve("seeded.bin.index.json");
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertEquals("pytorch (sharded)", checkpoint.format());
            assertEquals(
                    List.of("fc2.weight", "lin1.weight", "lin2.weight"),
                    checkpoint.tensors().stream()
                            .map(tensor -> tensor.info().name())
                            .toList());
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, 42, InitRules.he()));
            assertEquals(
                    3, Untrained.write(checkpoint, plan, seeded, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan))));
        }
        try (Checkpoint checkpoint = Checkpoints.open(seeded)) {
            InitPlan plan = ((Plan.Addressed) Checkpoints.plan(checkpoint).orElseThrow()).plan();
            for (TensorView tensor : checkpoint.tensors()) {
                float[] values = new float[(int) tensor.info().shape().elements()];
                tensor.readFloats(0, values, 0, values.length);
                assertEquals(plan.init(tensor.info().name()).weight(0, 0), values[0], tensor.info()::name);
            }
        }
    }
}
