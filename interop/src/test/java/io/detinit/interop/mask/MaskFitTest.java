package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One square matrix in two files: outputs first in safetensors, inputs first in the MatMul of an ONNX model. */
class MaskFitTest {

    private static final int SIZE = 16;
    private static final TensorShape SHAPE = TensorShape.of(SIZE, SIZE);
    private static final InitPlan PLAN = new InitPlan(4, List.of(new PlannedTensor("w", SHAPE, 0, Scheme.HE)));
    private static final MaskRecord RECORD = MaskRecord.of("test", List.of(), "detinit test");

    @TempDir
    Path folder;

    private Path onnx;
    private Path safetensors;

    /** Weight (i, j) of the logical matrix moved above the diagonal only, where j > i. */
    @BeforeEach
    void write() throws IOException {
        float[] logical = PLAN.init("w").toArray();
        float[] stored = new float[logical.length];
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                logical[i * SIZE + j] += j > i ? 1 : 0;
                stored[j * SIZE + i] = logical[i * SIZE + j];
            }
        }
        safetensors = folder.resolve("model.safetensors");
        SafetensorsWriter.write(safetensors, List.of(ArrayTensor.of("w", SHAPE, logical)), Map.of());
        onnx = TestModels.write(
                folder,
                OnnxMl.GraphProto.newBuilder()
                        .setName("g")
                        .addInput(TestModels.value("x", -1, SIZE))
                        .addOutput(TestModels.value("y", -1, SIZE))
                        .addNode(TestModels.node("MatMul", "y", "x", "w"))
                        .addInitializer(TestModels.raw("w", new long[] {SIZE, SIZE}, stored)));
    }

    private static Baseline baseline(Checkpoint checkpoint) throws IOException {
        return Baseline.of(new Plan.Addressed(PLAN), checkpoint);
    }

    private Path masks(Path model) throws IOException {
        Path file = folder.resolve(model.getFileName() + ".masks");
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            Baseline baseline = baseline(checkpoint);
            Selection selection = new Selection(Criterion.MOVEMENT, new Selection.AtMost(0.5), Selection.Scope.GLOBAL);
            Map<String, Mask> logical = new Selector(baseline, 1).select(checkpoint.tensors(), selection);
            MaskFile.write(file, StoredMasks.of(logical, baseline), RECORD, Optional.empty());
        }
        return file;
    }

    private static StoredMasks fit(Path masks, Path model, boolean withBaseline) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(model)) {
            return MaskFit.fit(
                    MaskFile.read(masks),
                    checkpoint,
                    withBaseline ? Optional.of(baseline(checkpoint)) : Optional.empty());
        }
    }

    private static final Mask UPPER = Mask.of(SHAPE, element -> element % SIZE > element / SIZE);
    private static final Mask LOWER = Mask.of(SHAPE, element -> element % SIZE < element / SIZE);

    @Test
    void aWrittenMaskLiesAsTheFileKeepsTheParameter() throws IOException {
        MaskFile outputsFirst = MaskFile.read(masks(safetensors));
        assertEquals(new StoredMasks(Map.of("w", UPPER), Set.of(), true), outputsFirst.stored());
        MaskFile inputsFirst = MaskFile.read(masks(onnx));
        assertEquals(new StoredMasks(Map.of("w", LOWER), Set.of("w"), true), inputsFirst.stored());
        assertEquals(outputsFirst.stored().logical(), inputsFirst.stored().logical(), "both mean the same weights");
    }

    @Test
    void masksOfOneFileFitTheOtherWhereTheyKnowHowTheyLie() throws IOException {
        for (boolean withBaseline : new boolean[] {true, false}) {
            for (Path source : List.of(safetensors, onnx)) {
                Path masks = masks(source);
                assertEquals(
                        UPPER, fit(masks, safetensors, withBaseline).masks().get("w"));
                assertEquals(LOWER, fit(masks, onnx, withBaseline).masks().get("w"));
                assertEquals(UPPER, fit(masks, onnx, withBaseline).logical().get("w"));
            }
        }
    }

    /** A safetensors file that keeps its matrix inputs first is known for it by the plan that it carries. */
    @Test
    void aPlanThatTheFileCarriesKnowsHowItLies() throws IOException {
        InitPlan turned = new InitPlan(4, List.of(new PlannedTensor("w", SHAPE, 0, Scheme.HE, StoredOrder.IN_OUT)));
        Path file = folder.resolve("turned.safetensors");
        String plan = PlanJson.write(new Plan.Addressed(turned));
        SafetensorsWriter.write(
                file, List.of(ArrayTensor.of("w", SHAPE, new float[SIZE * SIZE])), Map.of(Checkpoint.PLAN_KEY, plan));
        for (Path masks : List.of(masks(safetensors), masks(onnx))) {
            assertEquals(new StoredMasks(Map.of("w", LOWER), Set.of("w"), true), fit(masks, file, false));
        }
    }

    private Path foreign(String name, TensorShape shape) throws IOException {
        Path file = folder.resolve("foreign.safetensors");
        TensorInfo info = new TensorInfo(name, DType.U8, shape, TensorInfo.Kind.BUFFER);
        byte[] bytes = new byte[(int) shape.elements()];
        bytes[1] = 1;
        SafetensorsWriter.write(file, List.of(ArrayTensor.of(info, ByteBuffer.wrap(bytes))), Map.of());
        return file;
    }

    @Test
    void masksThatDoNotSayHowTheyLieAreTakenAsTheyLie() throws IOException {
        Path masks = foreign("w_mask", SHAPE);
        Mask second = Mask.of(SHAPE, element -> element == 1);
        assertEquals(second, fit(masks, safetensors, false).masks().get("w"));
        assertEquals(second, fit(masks, onnx, true).masks().get("w"));
    }

    @Test
    void masksOfAnotherModelAreNamed() throws IOException {
        String shape = assertThrows(
                        MalformedFileException.class, () -> fit(foreign("w_mask", TensorShape.of(2, 3)), onnx, false))
                .getMessage();
        assertTrue(shape.contains("tensor 'w_mask': found the shape [2, 3], expected [16, 16]"), shape);
        assertThrows(MalformedFileException.class, () -> fit(foreign("w_mask", TensorShape.of(256)), onnx, true));
        String name = assertThrows(
                        MalformedFileException.class, () -> fit(foreign("v_mask", SHAPE), safetensors, false))
                .getMessage();
        assertTrue(name.contains("found a mask of 'v'"), name);
    }
}
