package io.detinit.interop.budget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.verify.OnnxScorer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Candidates in memory against files that were pruned and written; the second matrix lies transposed in the ONNX model. */
class CandidateModelTest {

    private static final int INPUTS = 20;
    private static final int HIDDEN = 30;
    private static final int CLASSES = 7;
    private static final int SAMPLES = 40;
    private static final TensorShape FIRST = TensorShape.of(HIDDEN, INPUTS);
    private static final TensorShape SECOND = TensorShape.of(CLASSES, HIDDEN);
    private static final InitPlan PLAN = new InitPlan(
            5,
            List.of(
                    new PlannedTensor("fc1.weight", FIRST, 0, Scheme.HE),
                    new PlannedTensor("fc2.weight", SECOND, 1, Scheme.HE)));

    @TempDir
    Path folder;

    private Path onnx;
    private final float[] samples = new float[SAMPLES * INPUTS];

    private static float[] trained(String name) {
        float[] w = PLAN.init(name).toArray();
        Random random = new Random(name.hashCode());
        for (int k = 0; k < w.length; k++) {
            w[k] += (float) (0.2 * random.nextGaussian());
        }
        return w;
    }

    private static float[] turned(float[] matrix, int rows, int cols) {
        float[] turned = new float[matrix.length];
        for (int k = 0; k < matrix.length; k++) {
            turned[k % cols * rows + k / cols] = matrix[k];
        }
        return turned;
    }

    /** y = relu(x fc1^T + b) fc2^T: a Gemm that keeps its matrix as it is, and a MatMul that keeps it transposed. */
    @BeforeEach
    void write() throws IOException {
        float[] second = turned(trained("fc2.weight"), CLASSES, HIDDEN);
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, INPUTS))
                .addOutput(TestModels.value("y", -1, CLASSES))
                .addNode(TestModels.node("Gemm", "h", "x", "fc1.weight", "fc1.bias")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("transB")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)))
                .addNode(TestModels.node("Relu", "r", "h"))
                .addNode(TestModels.node("MatMul", "y", "r", "fc2.weight"))
                .addInitializer(TestModels.raw("fc2.weight", new long[] {HIDDEN, CLASSES}, second))
                .addInitializer(TestModels.raw("fc1.bias", new long[] {HIDDEN}, new float[HIDDEN]))
                .addInitializer(TestModels.raw("fc1.weight", new long[] {HIDDEN, INPUTS}, trained("fc1.weight")));
        onnx = TestModels.write(folder, graph);
        Random random = new Random(1);
        for (int k = 0; k < samples.length; k++) {
            samples[k] = (float) random.nextGaussian();
        }
    }

    private static Baseline baseline(Checkpoint checkpoint) throws IOException {
        return Baseline.of(new Plan.Addressed(PLAN), checkpoint);
    }

    private static Map<String, Mask> masks(Checkpoint checkpoint, Baseline baseline, double sparsity)
            throws IOException {
        Selection selection =
                new Selection(Criterion.MOVEMENT, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL);
        return new Selector(baseline, 1).select(checkpoint.tensors(), selection);
    }

    private float[] outputs(OnnxScorer scorer) throws IOException {
        return scorer.logits(samples, INPUTS, SAMPLES);
    }

    private float[] outputs(Path file) throws IOException {
        try (OnnxScorer scorer = OnnxScorer.open(file, 1)) {
            return outputs(scorer);
        }
    }

    /** The outputs of the pruned file that is really written. */
    private float[] written(Map<String, Mask> masks, Fill fill) throws IOException {
        Path file = folder.resolve("written.onnx");
        try (OnnxCheckpoint model = OnnxCheckpoint.open(onnx)) {
            new Pruner(baseline(model), 1).prune(model, masks, fill, Destination.dense(file, Map.of()));
        }
        return outputs(file);
    }

    @Test
    void aCandidateIsTheWrittenFileAndTheNextOneStartsFromTheDenseModel() throws IOException {
        float[] dense = outputs(onnx);
        try (OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                CandidateModel candidates = CandidateModel.of(model, baseline(model), model, 1)) {
            for (double sparsity : new double[] {0.3, 0.9, 0.6}) {
                Map<String, Mask> masks = masks(model, baseline(model), sparsity);
                for (Fill fill : Fill.values()) {
                    float[] pruned = candidates.prune(masks, fill, this::outputs);
                    assertArrayEquals(written(masks, fill), pruned);
                    assertFalse(Arrays.equals(dense, pruned));
                    assertArrayEquals(dense, candidates.prune(Map.of(), fill, this::outputs));
                }
            }
            assertArrayEquals(
                    candidates.prune(masks(model, baseline(model), 1), Fill.ZERO, this::outputs),
                    new float[SAMPLES * CLASSES]);
        }
    }

    @Test
    void copiesInAFolderAreTheSameAndLeaveNothing() throws IOException {
        Path own;
        try (OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                FolderCopies copies = new FolderCopies(model)) {
            own = copies.folder();
            ReplacementCollector collector = new ReplacementCollector(model);
            Map<String, Mask> masks = masks(model, baseline(model), 0.7);
            new Pruner(baseline(model), 1).prune(collector, masks, Fill.INIT, Destination.dense(onnx, Map.of()));
            float[] pruned = copies.load(collector.collected(), 1, this::outputs);
            assertArrayEquals(written(masks, Fill.INIT), pruned);
            assertArrayEquals(outputs(onnx), copies.load(Map.of(), 1, this::outputs));
            assertThrows(
                    IllegalStateException.class,
                    () -> copies.load(Map.of(), 1, scorer -> {
                        throw new IllegalStateException("stop");
                    }));
            try (Stream<Path> left = Files.list(own)) {
                assertEquals(0, left.count());
            }
        }
        assertFalse(Files.exists(own));
    }

    /** Elements that do not lie together in the model's own file cannot be overwritten in memory. */
    @Test
    void whereElementsLieDecidesHowCandidatesAreMade() throws IOException {
        try (OnnxCheckpoint model = OnnxCheckpoint.open(onnx)) {
            assertTrue(
                    MemoryCopies.of(model, Set.of("fc1.weight", "fc2.weight")).isPresent());
        }
        OnnxMl.GraphProto.Builder graph = TestModels.linear();
        graph.getInitializerBuilder(3)
                .clearRawData()
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue("w.data"));
        Path apart = Files.createDirectory(folder.resolve("apart"));
        Files.write(apart.resolve("w.data"), TestModels.floats(1, 2, 3, 4, 5, 6).toByteArray());
        Path external = TestModels.write(apart, graph);
        try (OnnxCheckpoint model = OnnxCheckpoint.open(external);
                CandidateModel candidates = CandidateModel.of(model, Baseline.none(model), model, 1)) {
            assertTrue(MemoryCopies.of(model, Set.of("W")).isEmpty());
            Mask upper = Mask.of(TensorShape.of(3, 2), element -> element < 2);
            float[] pruned =
                    candidates.prune(Map.of("W", upper), Fill.ZERO, scorer -> scorer.logits(new float[] {1, 1}, 2, 1));
            assertArrayEquals(new float[] {7, -1, 0}, pruned); // (x W^T + [.5, -.5, 0]) * 2
        }
    }

    private Path safetensors(String file, float[] first, float[] second) throws IOException {
        Path path = folder.resolve(file);
        SafetensorsWriter.write(
                path,
                List.of(
                        ArrayTensor.of("fc1.weight", FIRST, first),
                        ArrayTensor.of("fc1.bias", TensorShape.of(HIDDEN), new float[HIDDEN]),
                        ArrayTensor.of("fc2.weight", SECOND, second)),
                Map.of());
        return path;
    }

    @Test
    void anotherFormatIsScoredThroughItsCounterpart() throws IOException {
        Path file = safetensors("model.safetensors", trained("fc1.weight"), trained("fc2.weight"));
        Path pruned = folder.resolve("pruned.safetensors");
        try (SafetensorsFile checkpoint = SafetensorsFile.open(file);
                OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                CandidateModel candidates = CandidateModel.of(checkpoint, baseline(checkpoint), model, 1)) {
            Map<String, Mask> masks = masks(checkpoint, baseline(checkpoint), 0.7);
            float[] expected = written(masks, Fill.INIT);
            assertArrayEquals(expected, candidates.prune(masks, Fill.INIT, this::outputs));
            new Pruner(baseline(checkpoint), 1)
                    .prune(checkpoint, masks, Fill.INIT, Destination.dense(pruned, Map.of()));
            try (SafetensorsFile other = SafetensorsFile.open(pruned)) {
                assertArrayEquals(expected, candidates.take(other, masks.keySet(), this::outputs));
            }
        }
    }

    @Test
    void anotherModelIsRefused() throws IOException {
        float[] changed = trained("fc2.weight");
        changed[11] = Math.nextUp(changed[11]);
        Path file = safetensors("other.safetensors", trained("fc1.weight"), changed);
        try (SafetensorsFile checkpoint = SafetensorsFile.open(file);
                OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                CandidateModel candidates = CandidateModel.of(checkpoint, baseline(checkpoint), model, 1)) {
            Map<String, Mask> masks = masks(checkpoint, baseline(checkpoint), 0.7);
            String message = assertThrows(
                            MalformedFileException.class, () -> candidates.prune(masks, Fill.ZERO, this::outputs))
                    .getMessage();
            assertTrue(message.contains("counterpart of 'fc2.weight'"), message);
            assertTrue(message.contains("other values") && message.contains("the same model"), message);
            candidates.prune(Map.of("fc1.weight", masks.get("fc1.weight")), Fill.ZERO, this::outputs);
        }
        Path half = folder.resolve("half.safetensors");
        TensorInfo info = new TensorInfo("fc1.weight", DType.F16, FIRST, TensorInfo.Kind.PARAMETER);
        SafetensorsWriter.write(
                half, List.of(ArrayTensor.of(info, ByteBuffer.allocate(2 * HIDDEN * INPUTS))), Map.of());
        try (SafetensorsFile checkpoint = SafetensorsFile.open(half);
                OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                CandidateModel candidates = CandidateModel.of(checkpoint, Baseline.none(checkpoint), model, 1)) {
            Mask all = Mask.of(FIRST, element -> false);
            String message = assertThrows(
                            MalformedFileException.class,
                            () -> candidates.prune(Map.of("fc1.weight", all), Fill.ZERO, this::outputs))
                    .getMessage();
            assertTrue(message.contains("of F32, expected F16"), message);
        }
    }

    @Test
    void layersAreMeasuredOneAtATime() throws IOException {
        float[] dense = outputs(onnx);
        int[] labels = new int[SAMPLES];
        for (int n = 0; n < SAMPLES; n++) {
            for (int k = 1; k < CLASSES; k++) {
                labels[n] = dense[n * CLASSES + k] > dense[n * CLASSES + labels[n]] ? k : labels[n];
            }
        }
        labels[0] = (labels[0] + 1) % CLASSES; // one of 40 is wrong
        try (OnnxCheckpoint model = OnnxCheckpoint.open(onnx);
                CandidateModel candidates = CandidateModel.of(model, baseline(model), model, 1)) {
            CandidateScorer scorer = new CandidateScorer(candidates, Fill.ZERO, samples, labels, 16);
            assertEquals(39.0 / 40, scorer.accuracy(Map.of()));
            assertEquals(0, scorer.divergence(Map.of()));
            Selector selector = new Selector(baseline(model), 1);
            MaskSource source = sparsity -> selector.select(
                    model.tensors(),
                    new Selection(Criterion.MOVEMENT, new Selection.Sparsity(sparsity), Selection.Scope.LAYER));
            List<Double> progress = new ArrayList<>();
            LayerSensitivity table =
                    LayerSensitivity.of(source, List.of(0.0, 0.5, 1.0), scorer::divergence, progress::add);
            assertEquals(
                    List.of("fc1.weight", "fc2.weight"),
                    table.layers().stream().map(LayerSensitivity.Layer::name).toList());
            assertEquals(6, progress.size());
            assertEquals(1, progress.get(5));
            for (LayerSensitivity.Layer layer : table.layers()) {
                assertEquals(3, layer.values().size());
                assertEquals(0, layer.values().get(0), "nothing pruned");
                assertTrue(layer.values().get(1) > 0);
            }
            // fc1 or fc2 all zero: every output is 0, and both layers are as far from the dense model
            assertEquals(
                    table.layers().get(0).values().get(2),
                    table.layers().get(1).values().get(2));
            double accuracy = scorer.accuracy(source.at(1));
            assertEquals(
                    accuracy,
                    LayerSensitivity.of(source, List.of(1.0), scorer::accuracy, done -> {})
                            .layers()
                            .get(0)
                            .values()
                            .get(0));
        }
    }
}
