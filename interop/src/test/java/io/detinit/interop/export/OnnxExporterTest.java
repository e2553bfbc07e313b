package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import io.detinit.generator.InitPlan;
import io.detinit.generator.Scheme;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.djl.DjlTensors;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.OutputComparison;
import io.detinit.interop.verify.Score;
import io.detinit.interop.verify.TensorComparison;
import io.detinit.models.InitRules;
import io.detinit.models.ParameterNames;
import io.detinit.models.Seeding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DJL blocks as ONNX: ONNX Runtime against DJL's own forward pass, and the file read back, rewritten, damaged. */
class OnnxExporterTest {

    @TempDir
    Path folder;

    private static Block activation(String name) {
        return switch (name) {
            case "relu" -> Activation.reluBlock();
            case "tanh" -> Activation.tanhBlock();
            case "sigmoid" -> Activation.sigmoidBlock();
            case "softmax" -> OnnxExporter.softmaxBlock();
            case "identity" -> Blocks.identityBlock();
            default -> Dropout.builder().optRate(0.4f).build();
        };
    }

    private static SequentialBlock net(String activation, boolean bias) {
        return new SequentialBlock()
                .add(Blocks.batchFlattenBlock())
                .add(new SequentialBlock()
                        .add(Linear.builder().setUnits(17).optBias(bias).build())
                        .add(activation(activation)))
                .add(Linear.builder().setUnits(5).build());
    }

    private static float[] random(int count) {
        Random random = new Random(4);
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    private Path export(Block block, InitPlan plan, Shape sample) throws IOException {
        Path path = folder.resolve("m.onnx");
        OnnxExporter.write(
                path, block, sample, ParameterNames.of(block), Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
        return path;
    }

    @ParameterizedTest
    @CsvSource({
        "relu,true,4",
        "tanh,true,12",
        "sigmoid,false,12",
        "softmax,true,12",
        "identity,false,6",
        "dropout,true,12"
    })
    void onnxRuntimeGivesWhatDjlGives(String activation, boolean bias, int width) throws Exception {
        SequentialBlock block = net(activation, bias);
        Shape sample = width == 12 ? new Shape(3, 4) : new Shape(width);
        float[] x = random(9 * width);
        float[] expected;
        Path path;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan =
                    Seeding.seed(block, 8, InitRules.he(), manager, DataType.FLOAT32, new Shape(1).addAll(sample));
            block.getParameters().forEach(pair -> {
                if (pair.getValue().getType() == Parameter.Type.BIAS) {
                    NDArray array = pair.getValue().getArray();
                    array.set(random((int) array.size()));
                }
            });
            NDArray input = manager.create(x, new Shape(9).addAll(sample));
            expected = block.forward(new ParameterStore(manager, false), new NDList(input), false)
                    .singletonOrThrow()
                    .toFloatArray();
            path = export(block, plan, sample);
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                assertEquals("onnx", checkpoint.format());
                assertEquals(plan, Checkpoints.plan(checkpoint).orElseThrow());
                List<ArrayTensor> live = DjlTensors.of(ParameterNames.of(block));
                assertEquals(live.size(), checkpoint.tensors().size());
                for (ArrayTensor tensor : live) {
                    TensorView stored = checkpoint.find(tensor.info().name()).orElseThrow();
                    assertEquals(tensor.info(), stored.info());
                }
                // the file and the live parameters give the same audit, figure for figure
                Auditor auditor = new Auditor(plan, List.of(new Threshold(0)), 2);
                AuditReport fromFile = auditor.audit(checkpoint.tensors());
                assertEquals(auditor.audit(live), fromFile);
                assertTrue(fromFile.moved() > 0 && fromFile.moved() <= 22, "only the biases were changed");
            }
        }
        try (OnnxScorer scorer = OnnxScorer.open(path, 1)) {
            OutputComparison comparison = OutputComparison.of(expected, scorer.logits(x, 9));
            assertTrue(comparison.within(1e-5 * Math.max(1, comparison.scale())), comparison.toString());
            int[] labels = new int[9];
            Score score = scorer.score(x, labels);
            assertEquals(9, score.samples());
            int correct = 0;
            double loss = 0;
            for (int n = 0; n < 9; n++) {
                double sum = 0;
                boolean best = true;
                for (int c = 0; c < 5; c++) {
                    sum += Math.exp(expected[5 * n + c] - expected[5 * n]);
                    best &= expected[5 * n + c] <= expected[5 * n];
                }
                correct += best ? 1 : 0;
                loss += Math.log(sum) / 9;
            }
            assertEquals(correct / 9.0, score.accuracy(), 1e-12);
            assertEquals(loss, score.loss(), 1e-5);
            assertTrue(
                    scorer.latency(x, 9, 20).p99Ms() >= scorer.latency(x, 9, 20).medianMs() * 0);
            assertThrows(MalformedFileException.class, () -> scorer.logits(new float[10], 2));
            assertThrows(MalformedFileException.class, () -> scorer.score(x, new int[] {0, 0, 0, 0, 0, 0, 0, 0, 5}));
        }
    }

    @Test
    void blocksWithoutAnOnnxFormAreNamed() throws IOException {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            SequentialBlock norm = new SequentialBlock()
                    .add(Linear.builder().setUnits(3).build())
                    .add(BatchNorm.builder().build());
            norm.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
            String message = assertThrows(
                            UnsupportedBlockException.class,
                            () -> OnnxExporter.export(norm, new Shape(4), ParameterNames.of(norm), Map.of()))
                    .getMessage();
            assertTrue(message.contains("02BatchNorm"), message);
            SequentialBlock lambda = new SequentialBlock().add(new LambdaBlock(x -> x, "mine"));
            lambda.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
            message = assertThrows(
                            UnsupportedBlockException.class,
                            () -> OnnxExporter.export(lambda, new Shape(4), Map.of(), Map.of()))
                    .getMessage();
            assertTrue(message.contains("'mine'"), message);
            SequentialBlock linear = net("relu", true);
            linear.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> OnnxExporter.export(linear, new Shape(4), Map.of(), Map.of()));
        }
    }

    private Path sample() throws IOException {
        SequentialBlock block = net("relu", true);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan =
                    Seeding.seed(block, 1, InitRules.of(Scheme.LECUN), manager, DataType.FLOAT32, new Shape(1, 3));
            return export(block, plan, new Shape(3));
        }
    }

    @Test
    void rewritingTouchesNothingElse() throws IOException {
        Path path = sample();
        Path same = folder.resolve("same.onnx");
        Path other = folder.resolve("other.onnx");
        try (OnnxCheckpoint model = OnnxCheckpoint.open(path)) {
            model.rewrite(same, Map.of(), Map.of());
            assertArrayEquals(Files.readAllBytes(path), Files.readAllBytes(same));
            TensorView old = model.find("fc1.weight").orElse(model.tensors().get(0));
            TensorView zeros = ArrayTensor.of(
                    old.info().name(),
                    old.info().shape(),
                    new float[(int) old.info().shape().elements()]);
            model.rewrite(other, Map.of(old.info().name(), zeros), Map.of("k", "v"));
            try (OnnxCheckpoint changed = OnnxCheckpoint.open(other)) {
                assertEquals("v", changed.metadata().get("k"));
                assertEquals(model.metadata().size() + 1, changed.metadata().size());
                TensorComparison comparison = TensorComparison.of(model, changed);
                assertEquals(
                        1, comparison.tensors().stream().filter(t -> !t.same()).count());
                assertTrue(
                        !comparison.same() && TensorComparison.of(model, model).same());
            }
        }
    }

    @Test
    void truncationAtEveryByteIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(sample());
        int opened = 0;
        for (int length = 0; length < whole.length; length++) {
            Path cut = Files.write(folder.resolve("cut.onnx"), java.util.Arrays.copyOf(whole, length));
            try (Checkpoint checkpoint = Checkpoints.open(cut)) {
                opened++; // cut between two fields of the model: a shorter model, still well-formed
                assertTrue(checkpoint.tensors().size() <= 4);
            } catch (MalformedFileException e) {
                assertEquals(1, e.getMessage().lines().count());
            }
        }
        assertTrue(opened < 10, opened + " truncations opened");
    }

    @Test
    void filesThatAreNoModelsAreRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("a.onnx"), "<!DOCTYPE html><p>404");
        assertTrue(assertThrows(MalformedFileException.class, () -> Checkpoints.open(text))
                .getMessage()
                .contains("HTML"));
        assertThrows(MalformedFileException.class, () -> OnnxScorer.open(text, 1));
        assertThrows(IOException.class, () -> OnnxScorer.open(folder.resolve("missing.onnx"), 1));
    }

    /** Real onnx: the checker and shape inference accept what is exported and what is rewritten. */
    @Test
    @Tag("oracle")
    void theRealCheckerAcceptsTheModel() throws Exception {
        String python = java.util.Objects.requireNonNull(
                System.getenv("DETINIT_ORACLE_PYTHON"), "set DETINIT_ORACLE_PYTHON to a Python with onnx");
        Path path = sample();
        Path rewritten = folder.resolve("rewritten.onnx");
        try (OnnxCheckpoint model = OnnxCheckpoint.open(path)) {
            TensorView first = model.tensors().get(0);
            model.rewrite(rewritten, Map.of(first.info().name(), first), Map.of("k", "v"));
        }
        String script = "import sys, onnx\n"
                + "for p in sys.argv[1:]:\n"
                + "    m = onnx.load(p)\n"
                + "    onnx.checker.check_model(m, full_check=True)\n"
                + "    s = onnx.shape_inference.infer_shapes(m, strict_mode=True)\n"
                + "    print([d.dim_param or d.dim_value for d in s.graph.output[0].type.tensor_type.shape.dim])\n";
        Process process = new ProcessBuilder(python, "-c", script, path.toString(), rewritten.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertEquals("['N', 5]\n['N', 5]\n", output);
    }
}
