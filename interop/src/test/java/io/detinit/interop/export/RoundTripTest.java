package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.models.ParameterNames;
import io.detinit.models.Seeding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Export, then audit and prune the file: the figures of the DJL parameters, and a model that runs. */
class RoundTripTest {

    @TempDir
    Path folder;

    private static Block image() {
        return new SequentialBlock()
                .add(Conv2d.builder()
                        .setKernelShape(new Shape(3, 3))
                        .setFilters(6)
                        .build())
                .add(BatchNorm.builder().build())
                .add(Activation.reluBlock())
                .add(Pool.maxPool2dBlock(new Shape(2, 2)))
                .add(ai.djl.nn.Blocks.batchFlattenBlock())
                .add(TestBlocks.linear(5));
    }

    private static Block sequence() {
        return new SequentialBlock()
                .add(LSTM.builder().setStateSize(8).setNumLayers(2).build())
                .add(LayerNorm.builder().axis(2).build())
                .add(new TransformerEncoderBlock(8, 2, 16, 0.1f, Activation::gelu));
    }

    @Test
    void anImageModel() throws Exception {
        check(image(), Exported.floats(2, 8, 8));
    }

    @Test
    void aSequenceModel() throws Exception {
        check(sequence(), Exported.floats(4, 6));
    }

    private void check(Block block, ModelInput input) throws Exception {
        List<ModelInput> inputs = List.of(input);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan = Seeding.seed(block, 5, InitRules.he(), manager, DataType.FLOAT32, input.withBatch(1));
            Map<String, Parameter> parameters = ParameterNames.of(block);
            int step = 3;
            for (Parameter parameter : parameters.values()) {
                NDArray array = parameter.getArray();
                float[] values = array.toFloatArray();
                for (int k = 0; k < values.length; k += step) {
                    values[k] += 0.25f;
                }
                array.set(values);
                step++;
            }
            Path file = folder.resolve("m.onnx");
            OnnxExporter.write(
                    file,
                    block,
                    inputs,
                    ExportOptions.of(ParameterNames.namer(parameters))
                            .withMetadata(Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan))));
            Auditor auditor = new Auditor(AuditOptions.of(Threshold.DEFAULT), 1);
            List<ArrayTensor> live = DjlTensors.of(parameters);
            InitPlan trained = new InitPlan(
                    plan.seed(),
                    plan.tensors().stream()
                            .filter(tensor -> !tensor.name().contains("running"))
                            .toList());
            AuditReport expected = auditor.audit(live, Baseline.of(trained, live));
            assertTrue(expected.moved() > 0);
            Path pruned = folder.resolve("pruned.onnx");
            try (Checkpoint checkpoint = Checkpoints.open(file)) {
                assertEquals(
                        parameters.keySet(),
                        checkpoint.tensors().stream()
                                .map(TensorView::info)
                                .filter(info -> info.kind() == TensorInfo.Kind.PARAMETER
                                        || info.kind() == TensorInfo.Kind.BUFFER)
                                .map(TensorInfo::name)
                                .collect(Collectors.toSet()));
                Plan read = Checkpoints.plan(checkpoint).orElseThrow();
                assertEquals(new Plan.Addressed(plan), read);
                Baseline baseline = Baseline.of(read, checkpoint);
                assertEquals(figures(expected, parameters), figures(auditor.audit(checkpoint, baseline), parameters));
                Selection selection =
                        new Selection(Criterion.MOVEMENT, new Selection.Sparsity(0.5), Selection.Scope.GLOBAL);
                PruneReport report = new Pruner(baseline, 1)
                        .prune(checkpoint, selection, Fill.INIT, Destination.dense(pruned, Map.of()));
                assertEquals(0.5, report.sparsity(), 0.01);
            }
            try (Checkpoint checkpoint = Checkpoints.open(pruned)) {
                for (TensorView tensor : checkpoint.tensors()) {
                    Parameter parameter = parameters.get(tensor.info().name());
                    if (parameter != null) {
                        float[] values =
                                new float[Math.toIntExact(tensor.info().shape().elements())];
                        tensor.readFloats(0, values, 0, values.length);
                        parameter.getArray().set(values);
                    }
                }
            }
            for (int batch : new int[] {1, 4}) {
                Exported.assertSameOutputs(block, Files.readAllBytes(pruned), inputs, batch, Exported.TOLERANCE);
            }
        }
    }

    /** The counts of each parameter and in all. */
    private static Map<String, List<Object>> figures(AuditReport report, Map<String, Parameter> parameters) {
        Map<String, List<Object>> figures = new TreeMap<>();
        report.tensors().stream()
                .filter(tensor -> parameters.containsKey(tensor.name())) // the file lists its constants too
                .forEach(tensor ->
                        figures.put(tensor.name(), List.of(tensor.elements(), tensor.moved(), tensor.audited())));
        figures.put("", List.of(report.moved(), report.elements()));
        return figures;
    }
}
