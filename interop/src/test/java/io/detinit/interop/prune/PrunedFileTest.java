package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pruned ONNX files, both ways round and in all types, against one look at each weight. */
class PrunedFileTest {

    private static final float LIMIT = 0.25f;

    @TempDir
    Path folder;

    private Path model = Path.of("");
    private int type;

    /** Outputs and inputs: no multiples of any block, and fewer where a weight takes long to make. */
    private int outputs;

    private int inputs;
    private InitPlan plan = new InitPlan(0, List.of());

    @BeforeEach
    void float32() throws IOException {
        write(1);
    }

    /** A third of the weights do not move, the first outputs are all kept; one is NaN, one -0. */
    private float[] trained(String name) {
        float[] w = plan.init(name).toArray();
        Random random = new Random(name.length());
        for (int k = 0; k < w.length; k++) {
            w[k] += k < outputs / 7 * inputs ? 2 : (random.nextInt(3) - 1) * 0.3f;
        }
        w[outputs / 4 * inputs] = Float.NaN;
        w[outputs / 4 * inputs + 1] = -0f;
        return w;
    }

    private void write(int onnxType) throws IOException {
        type = onnxType;
        outputs = type == 11 ? 67 : 683;
        inputs = type == 11 ? 41 : 407;
        TensorShape shape = TensorShape.of(outputs, inputs);
        plan = new InitPlan(
                9,
                List.of(
                        new PlannedTensor("out_in", shape, 0, Scheme.HE),
                        new PlannedTensor("in_out", shape, 1, Scheme.HE)));
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, inputs))
                .addOutput(TestModels.value("y", -1, outputs))
                .addNode(TestModels.node("Gemm", "y", "x", "out_in")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("transB")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)))
                .addNode(TestModels.node("MatMul", "z", "x", "in_out"));
        float[] outIn = trained("out_in");
        float[] inOut = new float[outIn.length];
        float[] logical = trained("in_out");
        for (int k = 0; k < logical.length; k++) {
            inOut[stored(k)] = logical[k];
        }
        graph.addInitializer(TestModels.tensor("out_in", type, outputs, inputs).setRawData(encode(outIn)));
        graph.addInitializer(TestModels.tensor("in_out", type, inputs, outputs).setRawData(encode(inOut)));
        model = TestModels.write(folder, graph);
    }

    private int stored(int logical) {
        return logical % inputs * outputs + logical / inputs;
    }

    private com.google.protobuf.ByteString encode(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (type) {
                case 1 -> bytes.putFloat(value);
                case 10 -> bytes.putShort(ReducedPrecision.toFloat16(value));
                case 16 -> bytes.putShort(ReducedPrecision.toBfloat16(value));
                default -> bytes.putDouble(value);
            }
        }
        return com.google.protobuf.ByteString.copyFrom(bytes.flip());
    }

    private double rounded(double value) {
        return switch (type) {
            case 1 -> (float) value;
            case 10 -> ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16((float) value));
            case 16 -> ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16((float) value));
            default -> value;
        };
    }

    private static double[] read(Checkpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        int count = (int) tensor.info().shape().elements();
        double[] values = new double[count];
        float[] floats = new float[count];
        if (tensor.info().dtype().bytes() == 8) {
            tensor.readDoubles(0, values, 0, count);
        } else {
            tensor.readFloats(0, floats, 0, count);
            for (int k = 0; k < count; k++) {
                values[k] = floats[k];
            }
        }
        return values;
    }

    private double[] initial(String name) {
        TensorInit init = plan.init(name);
        float[] floats = init.toArray();
        double[] values = new double[floats.length];
        for (int k = 0; k < values.length; k++) {
            values[k] = type == 11 ? init.weightAsDouble(k / inputs, k % inputs) : rounded(floats[k]);
        }
        return values;
    }

    private void check(Path pruned, Criterion criterion, Fill fill, PruneReport report) throws IOException {
        try (Checkpoint before = Checkpoints.open(model);
                Checkpoint after = Checkpoints.open(pruned)) {
            for (PruneReport.PrunedEntry entry : report.tensors()) {
                boolean turned = entry.name().equals("in_out");
                double[] w = read(before, entry.name());
                double[] found = read(after, entry.name());
                double[] initial = initial(entry.name());
                long kept = 0;
                for (int k = 0; k < w.length; k++) {
                    int at = turned ? stored(k) : k;
                    double w0 = initial[k];
                    double score = Math.abs(criterion == Criterion.MOVEMENT ? w[at] - w0 : w[at]);
                    boolean keeps = !(type == 11 ? score <= LIMIT : (float) score <= LIMIT);
                    double other = fill.zeroes(w[at], w0) ? 0 : w0;
                    double expected = keeps ? w[at] : other;
                    if (Double.compare(expected, found[at]) != 0) {
                        fail(entry.name() + " " + k + " is " + found[at] + ", not " + expected);
                    }
                    kept += keeps ? 1 : 0;
                }
                assertEquals(kept, entry.kept());
                assertTrue(kept > 0 && kept < w.length);
            }
        }
    }

    private Baseline baseline(Checkpoint checkpoint) throws IOException {
        Baseline baseline = Baseline.of(new Plan.Addressed(plan), checkpoint);
        assertEquals(StoredOrder.IN_OUT, baseline.find("in_out").orElseThrow().order());
        return baseline;
    }

    @ParameterizedTest
    @CsvSource({
        "movement,zero,1",
        "movement,init,1",
        "movement,init_or_zero,1",
        "magnitude,zero,1",
        "magnitude,init,1",
        "magnitude,init_or_zero,1",
        "movement,init,10",
        "movement,init_or_zero,16",
        "magnitude,zero,16",
        "movement,init,11",
        "movement,zero,11"
    })
    void aThresholdPrunesWhatItSays(String criterion, String fill, int onnxType) throws IOException {
        write(onnxType);
        Path once = folder.resolve("once.onnx");
        Path twice = folder.resolve("twice.onnx");
        Selection selection =
                new Selection(Criterion.parse(criterion), new Selection.AtMost(LIMIT), Selection.Scope.GLOBAL);
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            Pruner pruner = new Pruner(baseline(checkpoint), 2);
            PruneReport report =
                    pruner.prune(checkpoint, selection, Fill.parse(fill), Destination.dense(once, Map.of()));
            assertEquals(2, report.tensors().size());
            check(once, selection.criterion(), Fill.parse(fill), report);
            Map<String, Mask> masks = new Selector(baseline(checkpoint), 2).select(checkpoint.tensors(), selection);
            assertEquals(report, pruner.prune(checkpoint, masks, Fill.parse(fill), Destination.dense(twice, Map.of())));
            assertEquals(-1, java.nio.file.Files.mismatch(once, twice), "by masks the same file");
        }
    }

    @Test
    void theInitialValuesMayComeFromAFile() throws IOException {
        Path initial = folder.resolve("initial.onnx");
        Path fromPlan = folder.resolve("plan.onnx");
        Path fromFile = folder.resolve("file.onnx");
        Selection all = new Selection(Criterion.MOVEMENT, new Selection.AtMost(1e9), Selection.Scope.GLOBAL);
        Selection some = new Selection(Criterion.MOVEMENT, new Selection.AtMost(LIMIT), Selection.Scope.GLOBAL);
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            Pruner pruner = new Pruner(baseline(checkpoint), 2);
            pruner.prune(checkpoint, all, Fill.INIT, Destination.dense(initial, Map.of()));
            pruner.prune(checkpoint, some, Fill.INIT, Destination.dense(fromPlan, Map.of()));
            try (Checkpoint start = Checkpoints.open(initial)) {
                new Pruner(Baseline.of(start, checkpoint), 2)
                        .prune(checkpoint, some, Fill.INIT, Destination.dense(fromFile, Map.of()));
            }
        }
        // a NaN is kept by any threshold, and a difference to it is one
        assertEquals(-1, java.nio.file.Files.mismatch(fromPlan, fromFile));
    }

    @Test
    void anyRangeOfWholeElementsIsTheSame() throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            TensorView tensor = checkpoint.find("in_out").orElseThrow();
            Baseline.Initial initial = baseline(checkpoint).find("in_out").orElseThrow();
            KeepRule rule = new KeepRule.Above(
                    Criterion.MOVEMENT, LIMIT, tensor.info().shape().elements());
            PrunedTensor pruned = new PrunedTensor(tensor, initial.storedValues(), Fill.INIT, rule);
            int bytes = (int) pruned.info().bytes();
            ByteBuffer whole = pruned.view(0, bytes);
            long kept = rule.kept();
            Random random = new Random(4);
            for (int range = 0; range < 50; range++) {
                int from = 4 * random.nextInt(bytes / 4);
                int length = 4 * random.nextInt((bytes - from) / 4 + 1);
                assertEquals(whole.slice(from, length), pruned.view(from, length));
            }
            assertEquals(kept, rule.kept(), "what is read twice counts once");
        }
    }
}
