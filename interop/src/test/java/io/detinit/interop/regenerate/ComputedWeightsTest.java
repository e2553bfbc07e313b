package io.detinit.interop.regenerate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.CheckpointComparison;
import io.detinit.interop.verify.ConstantOutputs;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that a model computes, read as tensors of a checkpoint. */
class ComputedWeightsTest {

    private static final InitPlan PLAN = new InitPlan(
            -7,
            List.of(
                    new PlannedTensor("matrix", TensorShape.of(70, 90), 0, Scheme.HE),
                    new PlannedTensor("turned", TensorShape.of(80, 60), 1, Scheme.XAVIER, StoredOrder.IN_OUT),
                    new PlannedTensor("conv", TensorShape.of(12, 16, 3, 3), 2, Scheme.HE_UNIFORM),
                    new PlannedTensor("vector", TensorShape.of(2000), 3, Scheme.custom(0.1)),
                    new PlannedTensor("signed", TensorShape.of(60, 60), 4, Scheme.SIGNED_CONSTANT)));

    @TempDir
    Path folder;

    private RegeneratedModels models;
    private Path dense;
    private Path regenerated;

    @BeforeEach
    void setUp() {
        models = new RegeneratedModels(folder, PLAN);
        dense = folder.resolve("dense.onnx");
        regenerated = folder.resolve("regenerated.onnx");
    }

    private void prune(DType dtype, double sparsity) throws IOException {
        Path model = models.write("model.onnx", models.model(dtype));
        models.prune(model, dense, sparsity, TensorStorage.DENSE);
        models.prune(model, regenerated, sparsity, TensorStorage.REGENERATE);
    }

    private static void assertSame(Path expected, Path actual) throws IOException {
        try (OnnxCheckpoint a = OnnxCheckpoint.open(expected);
                OnnxCheckpoint b = OnnxCheckpoint.open(actual)) {
            assertEquals(List.of(), b.warnings());
            assertEquals(
                    a.tensors().stream().map(t -> t.info().name()).toList(),
                    b.tensors().stream().map(t -> t.info().name()).toList());
            CheckpointComparison comparison = Verifier.compare(a, b);
            assertTrue(comparison.identical(), () -> "" + comparison.mismatches());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16"})
    void theyAreTheTensorsOfTheDenseModel(DType dtype) throws IOException {
        for (double sparsity : new double[] {1, 0.999, 0.9, 0.6}) {
            prune(dtype, sparsity);
            assertSame(dense, regenerated);
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(regenerated)) {
                assertEquals(Set.of("matrix", "turned", "conv", "vector", "signed"), checkpoint.computed());
                assertTrue(checkpoint.find("conv").orElseThrow().location().contains("seed -7, layer 2"));
            }
        }
    }

    @Test
    void anyRangeIsThatOfTheWhole() throws IOException {
        prune(DType.F32, 0.9);
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(regenerated)) {
            for (TensorView tensor : checkpoint.tensors()) {
                int elements = Math.toIntExact(tensor.info().shape().elements());
                float[] whole = new float[elements];
                tensor.readFloats(0, whole, 0, elements);
                for (int from = 0; from < elements; from += 611) {
                    float[] part = new float[Math.min(97, elements - from)];
                    tensor.readFloats(from, part, 0, part.length);
                    for (int k = 0; k < part.length; k++) {
                        assertEquals(whole[from + k], part[k], tensor.info().name());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorStorage.class,
            names = {"DENSE", "REGENERATE"})
    void theyCanBePrunedAgain(TensorStorage storage) throws IOException {
        prune(DType.F32, 0.8);
        Path again = folder.resolve("again.onnx");
        Path expected = folder.resolve("expected.onnx");
        models.prune(dense, expected, 0.95, TensorStorage.DENSE);
        PruneReport report = models.prune(regenerated, again, 0.95, storage);
        assertSame(expected, again);
        assertEquals(storage == TensorStorage.REGENERATE, report.regenerated().isPresent());
        OnnxMl.ModelProto written = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(again));
        List<String> functions = written.getFunctionsList().stream()
                .map(OnnxMl.FunctionProto::getName)
                .sorted()
                .toList();
        assertEquals(
                storage == TensorStorage.REGENERATE
                        ? List.of("Addresses", "MovedByGaps", "Normal", "Signed", "Uniform")
                        : List.of(),
                functions);
        for (boolean optimized : new boolean[] {false, true}) {
            Map<String, ByteBuffer> a = ConstantOutputs.run("a", Files.readAllBytes(expected), optimized);
            Map<String, ByteBuffer> b = ConstantOutputs.run("b", Files.readAllBytes(again), optimized);
            a.forEach((name, bytes) -> assertEquals(-1, bytes.mismatch(b.get(name)), name));
        }
    }

    private Path changed(Consumer<OnnxMl.ModelProto.Builder> change) throws IOException {
        OnnxMl.ModelProto.Builder model = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(regenerated)).toBuilder();
        change.accept(model);
        return models.write("changed.onnx", model);
    }

    @Test
    void aFunctionWithAnotherBodyIsNotBelieved() throws IOException {
        prune(DType.F32, 0.9);
        Path changed =
                changed(model -> model.getFunctionsBuilder(1).getNodeBuilder(0).setOpType("Neg"));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(changed)) {
            assertEquals(Set.of(), checkpoint.computed());
            assertEquals(1, checkpoint.warnings().size());
            assertTrue(checkpoint
                    .warnings()
                    .get(0)
                    .endsWith("is not this version's; the weights that it computes are not read"));
        }
    }

    private static void initializer(
            OnnxMl.ModelProto.Builder model, String name, Consumer<OnnxMl.TensorProto.Builder> change) {
        model.getGraphBuilder().getInitializerBuilderList().stream()
                .filter(tensor -> tensor.getName().equals(name))
                .forEach(change);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.6, 0.95, 0.9999})
    void positionsThatDoNotFitAreMalformed(double sparsity) throws IOException {
        prune(DType.F32, sparsity);
        Path changed = changed(model -> initializer(model, "io.detinit/matrix/places", tensor -> {
            byte[] bytes = tensor.getRawData().toByteArray();
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) 0xFE;
            }
            tensor.setRawData(ByteString.copyFrom(bytes));
        }));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(changed)) {
            TensorView matrix = checkpoint.find("matrix").orElseThrow();
            float[] values = new float[6300];
            MalformedFileException e =
                    assertThrows(MalformedFileException.class, () -> matrix.readFloats(0, values, 0, values.length));
            assertTrue(e.getMessage().contains("computed weight 'matrix'"), e.getMessage());
        }
    }

    @Test
    void anEnormousWeightIsMalformed() throws IOException {
        prune(DType.F32, 1);
        Path changed = changed(model -> model.getGraphBuilder().getNodeBuilderList().stream()
                .filter(node -> node.getOpType().equals("Normal"))
                .forEach(node -> node.getAttributeBuilderList().forEach(attribute -> {
                    switch (attribute.getName()) {
                        case "rows", "columns" -> attribute.setInts(0, 1L << 30);
                        case "row_shape", "column_shape" ->
                            attribute
                                    .clearInts()
                                    .addAllInts(
                                            attribute.getName().equals("row_shape")
                                                    ? List.of(1L << 30, 1L)
                                                    : List.of(1L, 1L << 30));
                        default -> {}
                    }
                })));
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> OnnxCheckpoint.open(changed));
        assertTrue(e.getMessage().contains("computed weights of more than"), e.getMessage());
    }

    @Test
    void aCallThatIsNotUnderstoodIsSaid() throws IOException {
        prune(DType.F32, 1);
        Path changed = changed(model -> model.getGraphBuilder().getNodeBuilderList().stream()
                .filter(node -> node.getName().equals("io.detinit/conv/initial/Uniform"))
                .forEach(node -> node.removeAttribute(0)));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(changed)) {
            assertEquals(List.of("'conv' is computed in a way that is not read"), checkpoint.warnings());
            assertEquals(Set.of("matrix", "turned", "vector", "signed"), checkpoint.computed());
        }
    }

    @Test
    void aModelThatComputesOtherWeightsKeepsThem() throws IOException {
        prune(DType.F32, 0.9);
        InitPlan one = new InitPlan(PLAN.seed(), PLAN.tensors().subList(0, 1));
        Path again = folder.resolve("again.onnx");
        PruneReport report =
                new RegeneratedModels(folder, one).prune(regenerated, again, 0.95, TensorStorage.REGENERATE);
        assertEquals(
                Map.of("matrix", "the model computes other weights already; prune these too"),
                RegeneratedModels.dense(report));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(again)) {
            assertEquals(Set.of("turned", "conv", "vector", "signed"), checkpoint.computed());
        }
    }
}
