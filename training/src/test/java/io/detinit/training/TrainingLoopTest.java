package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.OnnxScorer;
import io.detinit.interop.verify.Verifier;
import io.detinit.models.ModelSpec;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.ImageSet;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingLoopTest {

    private static ImageData digits;

    @TempDir
    Path folder;

    @BeforeAll
    static void draw() {
        digits = ProceduralDigits.generate();
    }

    /** The first images of the embedded set. */
    private static ImageData few(int train, int test) {
        return new ImageData("few", first(digits.train(), train), first(digits.test(), test));
    }

    private static ImageSet first(ImageSet set, int count) {
        return new ImageSet(
                set.height(),
                set.width(),
                set.classes(),
                Arrays.copyOf(set.pixels(), count * set.features()),
                Arrays.copyOf(set.labels(), count));
    }

    private static TrainConfig config(String model, int epochs, OptimizerKind kind, double momentum) {
        return TrainConfig.builder(ModelSpec.parse(model), 42)
                .epochs(epochs)
                .batch(128)
                .optimizer(OptimizerConfig.of(kind).withMomentum(momentum, false))
                .device(DeviceChoice.CPU)
                .build();
    }

    private static TrainedModel train(TrainConfig config, ImageData data) {
        return TrainingLoop.train(
                config,
                data.trainSamples(Normalization.NONE),
                data.testSamples(Normalization.NONE),
                TrainingListener.NONE);
    }

    private static List<float[]> weights(TrainedModel model) {
        List<float[]> all = new ArrayList<>();
        model.parameters().values().forEach(p -> all.add(p.getArray().toFloatArray()));
        return all;
    }

    @Test
    void twoRunsGiveTheSameBits() {
        TrainConfig config = config("mlp:784-32-10", 2, OptimizerKind.SGD, 0.9);
        ImageData data = few(3000, 500);
        try (TrainedModel a = train(config, data);
                TrainedModel b = train(config, data)) {
            List<float[]> left = weights(a);
            List<float[]> right = weights(b);
            for (int k = 0; k < left.size(); k++) {
                assertArrayEquals(left.get(k), right.get(k));
            }
            assertEquals(a.history().get(1).trainLoss(), b.history().get(1).trainLoss());
            assertTrue(a.history().get(1).trainLoss() < a.history().get(0).trainLoss());
        }
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void everyOptimizerLearnsAndLeavesDeadInputsAsleep(OptimizerKind kind) throws IOException {
        ImageData data = few(6000, 500);
        try (TrainedModel trained = train(config("mlp:784-64-10", 3, kind, 0), data)) {
            double first = trained.history().get(0).testLoss();
            double last = trained.history().get(2).testLoss();
            assertTrue(last < first && last < 1.5, first + " -> " + last);
            AuditReport report = new Auditor(AuditOptions.of(new Threshold(0)), 2)
                    .audit(trained.tensors(), Baseline.of(trained.plan(), trained.tensors()));
            assertEquals(Provenance.Verdict.MATCH, report.provenance().verdict());
            // the border of two pixels is always black: 784 - 24 * 24 inputs at least
            assertTrue(report.tensors().get(0).deadInputs().orElseThrow() >= 208);
            assertTrue(report.moved() > 0);
        }
    }

    /** The claims of the embedded set: a linear model stays below 95 %, the multi-layer perceptron gets above 97 %. */
    @Test
    void theEmbeddedSetIsHardForALinearModelAndNotForAnMlp() {
        try (TrainedModel linear = train(config("mlp:784-10", 30, OptimizerKind.SGD, 0), digits)) {
            double best = linear.history().stream()
                    .mapToDouble(EpochResult::testAccuracy)
                    .max()
                    .orElseThrow();
            assertTrue(best <= 0.95 && best > 0.5, "linear " + best);
        }
        try (TrainedModel mlp = train(config("mlp:784-256-128-64-10", 10, OptimizerKind.SGD, 0), digits)) {
            double last = mlp.history().get(9).testAccuracy();
            assertTrue(last > 0.97, "mlp " + last);
        }
    }

    @Test
    void theRunFolderHoldsOneModelInEveryForm() throws Exception {
        ImageData data = few(2000, 400);
        Samples test = data.testSamples(Normalization.MEANSTD);
        try (TrainedModel trained = TrainingLoop.train(
                config("mlp:784-20-10", 1, OptimizerKind.SGD, 0),
                data.trainSamples(Normalization.MEANSTD),
                test,
                TrainingListener.NONE)) {
            RunFolder.write(folder, trained, data, Normalization.MEANSTD);
            try (Checkpoint safetensors = Checkpoints.open(folder.resolve("model.safetensors"));
                    Checkpoint onnx = Checkpoints.open(folder.resolve("model.onnx"))) {
                assertTrue(Verifier.compare(safetensors, onnx).identical());
                assertEquals(
                        new Plan.Addressed(trained.plan()),
                        Checkpoints.plan(safetensors).orElseThrow());
                assertEquals(
                        new Plan.Addressed(trained.plan()),
                        Checkpoints.plan(onnx).orElseThrow());
                for (ArrayTensor live : trained.tensors()) {
                    float[] a = new float[(int) live.info().shape().elements()];
                    float[] b = a.clone();
                    live.readFloats(0, a, 0, a.length);
                    safetensors.find(live.info().name()).orElseThrow().readFloats(0, b, 0, b.length);
                    assertArrayEquals(a, b);
                }
            }
            assertEquals(new Plan.Addressed(trained.plan()), Checkpoints.readPlan(folder.resolve("plan.json")));
            Path again = folder.resolve("again.onnx");
            RunFolder.export(folder, again);
            assertArrayEquals(Files.readAllBytes(folder.resolve("model.onnx")), Files.readAllBytes(again));
            try (OnnxScorer scorer = OnnxScorer.open(again, 1)) {
                float[] djl = trained.logits(test.features(), test.count());
                float[] onnx = scorer.logits(test.features(), test.width(), 100);
                assertArrayEquals(djl, onnx, 1e-4f);
                double accuracy = trained.history().get(0).testAccuracy();
                assertEquals(
                        accuracy,
                        scorer.score(test.features(), test.width(), test.labels(), 100)
                                .accuracy(),
                        1e-9);
            }
            try (Model djl = Model.newInstance("model", "PyTorch");
                    InputStream in = Files.newInputStream(folder.resolve("model.params"))) {
                djl.setBlock(ModelSpec.parse("mlp:784-20-10").newBlock());
                djl.load(in);
                assertEquals(
                        trained.block().getParameters().size(),
                        djl.getBlock().getParameters().size());
            }
        }
        assertEquals(1, Files.readAllLines(folder.resolve("history.jsonl")).size());
        JsonNode card = new ObjectMapper().readTree(folder.resolve("run.json").toFile());
        assertEquals(42, card.path("seed").asLong());
        assertEquals(
                data.train().sha256(), card.path("data").path("trainSha256").asText());
        assertFalse(card.path("machine").path("cpu").asText().isEmpty());
        Files.write(folder.resolve("model.params"), new byte[] {'D', 'J', 'L', '@', 0});
        assertThrows(MalformedFileException.class, () -> RunFolder.export(folder, folder.resolve("x.onnx")));
        assertFalse(Files.exists(folder.resolve("x.onnx")));
    }

    @Test
    void wrongRequestsAreNamed() {
        ImageData data = few(100, 100);
        assertThrows(IllegalArgumentException.class, () -> train(config("mlp:100-10", 1, OptimizerKind.SGD, 0), data));
        assertThrows(IllegalArgumentException.class, () -> train(config("mlp:784-9", 1, OptimizerKind.SGD, 0), data));
        assertThrows(IllegalArgumentException.class, () -> config("mlp:784-10", 1, OptimizerKind.ADAM, 0.9));
        assertThrows(IllegalArgumentException.class, () -> config("mlp:784-10", 0, OptimizerKind.SGD, 0));
        assertThrows(IllegalArgumentException.class, () -> DeviceChoice.GPU.resolve(0));
        assertThrows(IllegalArgumentException.class, () -> DeviceChoice.parse("tpu"));
        assertEquals(List.of(Device.cpu()), DeviceChoice.AUTO.resolve(0));
        assertEquals(List.of(Device.gpu(0)), DeviceChoice.AUTO.resolve(2));
        assertEquals(List.of(Device.gpu(0)), DeviceChoice.GPU.resolve(1));
        assertEquals(List.of(Device.cpu()), DeviceChoice.CPU.resolve(1));
    }

    /** Native memory: neither steps nor forward passes leave an array behind. */
    @Test
    void nothingNativeIsLeft() {
        ImageData data = few(1000, 200);
        int after1;
        try (TrainedModel trained = train(config("mlp:784-16-10", 1, OptimizerKind.ADAM, 0), data)) {
            NDManager manager = trained.model().getNDManager();
            after1 = manager.getManagedArrays().size();
            trained.logits(data.testSamples(Normalization.NONE).features(), 200);
            assertEquals(after1, manager.getManagedArrays().size());
            assertTrue(after1 <= 8, after1 + " arrays: the 4 parameters and their gradients at most");
        }
        try (TrainedModel trained = train(config("mlp:784-16-10", 4, OptimizerKind.ADAM, 0), data)) {
            assertEquals(
                    after1, trained.model().getNDManager().getManagedArrays().size());
        }
    }
}
