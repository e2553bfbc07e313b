package io.detinit.interop.regenerate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.verify.ConstantOutputs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Models that compute their initial weights, beside the same models with the weights stored, in ONNX Runtime. */
class RegeneratorTest {

    @TempDir
    Path folder;

    private static PlannedTensor tensor(String name, long layer, Scheme scheme, long... dims) {
        return new PlannedTensor(name, TensorShape.of(dims), layer, scheme);
    }

    /** Every scheme that is computed, matrices either way round, convolutions, a vector. */
    private static InitPlan everyScheme(long seed) {
        return new InitPlan(
                seed,
                List.of(
                        tensor("he", 0, Scheme.HE, 60, 50),
                        tensor("xavier", 1, Scheme.XAVIER, 40, 70),
                        new PlannedTensor("turned", TensorShape.of(45, 64), 2, Scheme.LECUN, StoredOrder.IN_OUT),
                        tensor("conv", 7, Scheme.HE, 16, 8, 5, 5),
                        tensor("conv1d", 8, Scheme.custom(0.3), 32, 12, 9),
                        tensor("vector", 9, Scheme.custom(0.05), 3000),
                        tensor("uniform", 1L << 40, Scheme.HE_UNIFORM, 64, 64),
                        new PlannedTensor(
                                "turnedUniform", TensorShape.of(33, 90), 11, Scheme.uniform(0.25), StoredOrder.IN_OUT),
                        tensor("signed", 12, Scheme.SIGNED_CONSTANT, 50, 61),
                        new PlannedTensor(
                                "turnedSigned",
                                TensorShape.of(61, 50),
                                13,
                                Scheme.signedConstant(Scheme.custom(0.125)),
                                StoredOrder.IN_OUT)));
    }

    private static void assertSame(Path dense, Path regenerated, int outputs) throws IOException {
        for (boolean optimized : new boolean[] {false, true}) {
            Map<String, ByteBuffer> expected = ConstantOutputs.run("dense", Files.readAllBytes(dense), optimized);
            Map<String, ByteBuffer> actual =
                    ConstantOutputs.run("regenerated", Files.readAllBytes(regenerated), optimized);
            assertEquals(expected.keySet(), actual.keySet());
            assertEquals(outputs, actual.size());
            expected.forEach((name, bytes) ->
                    assertEquals(-1, bytes.mismatch(actual.get(name)), name + ", optimized " + optimized));
        }
    }

    private PruneReport assertSame(InitPlan plan, OnnxMl.ModelProto.Builder proto, double sparsity) throws IOException {
        RegeneratedModels models = new RegeneratedModels(folder, plan);
        Path model = models.write("model.onnx", proto);
        Path dense = folder.resolve("dense.onnx");
        Path regenerated = folder.resolve("regenerated.onnx");
        models.prune(model, dense, sparsity, TensorStorage.DENSE);
        PruneReport report = models.prune(model, regenerated, sparsity, TensorStorage.REGENERATE);
        assertSame(dense, regenerated, proto.getGraph().getOutputCount());
        return report;
    }

    @ParameterizedTest
    @CsvSource({"F32, 1", "F32, 0.99", "F32, 0.9", "F32, 0.6", "F16, 0.95", "BF16, 0.95", "F16, 0.6"})
    void everySchemeGivesTheBitsOfTheDenseModel(DType dtype, double sparsity) throws IOException {
        InitPlan plan = everyScheme(-42);
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(dtype), sparsity);
        assertEquals(Map.of(), RegeneratedModels.dense(report));
        assertEquals(0, report.regenerated().orElseThrow().rounded());
        Set<String> expected = sparsity == 1
                ? Set.of("none")
                : sparsity >= 0.99 ? Set.of("gaps") : sparsity >= 0.9 ? Set.of("gaps") : Set.of("bits");
        assertEquals(expected, Set.copyOf(RegeneratedModels.codings(report)));
        assertTrue(Files.size(folder.resolve("regenerated.onnx")) < Files.size(folder.resolve("dense.onnx")));
    }

    @Test
    void fewMovedWeightsAreKeptByPosition() throws IOException {
        InitPlan plan = new InitPlan(1, List.of(tensor("w", 0, Scheme.HE, 400, 400)));
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(DType.F32), 0.9999);
        assertEquals(List.of("positions"), RegeneratedModels.codings(report));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void aMillionWeightsGiveTheBitsOfTheDenseModel(DType dtype) throws IOException {
        InitPlan plan = new InitPlan(99, List.of(tensor("w", 3, Scheme.HE, 1000, 1000)));
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(dtype), 0.9);
        RegenerateReport.Entry entry =
                report.regenerated().orElseThrow().entries().get(0);
        assertTrue(entry.rounded() < 10, entry.toString());
        assertTrue(entry.stored() > 90_000 && entry.stored() < 110_000, entry.toString());
    }

    @Test
    void aHundredLayersStaySmall() throws IOException {
        List<PlannedTensor> tensors = new ArrayList<>();
        for (int k = 0; k < 100; k++) {
            tensors.add(tensor("layer." + k + ".weight", k, Scheme.HE, 64, 64));
        }
        InitPlan plan = new InitPlan(3, tensors);
        RegeneratedModels models = new RegeneratedModels(folder, plan);
        PruneReport report = assertSame(plan, models.model(DType.F32), 1);
        assertEquals(409_600, report.regenerated().orElseThrow().regenerated());
        assertTrue(Files.size(folder.resolve("regenerated.onnx")) < 60_000);
    }

    @Test
    void whatCannotBeComputedIsLeftDenseWithTheReason() throws IOException {
        InitPlan plan = new InitPlan(
                4,
                List.of(
                        tensor("computed", 0, Scheme.HE, 90, 90),
                        tensor("orthogonal", 1, Scheme.ORTHOGONAL, 40, 40),
                        tensor("small", 2, Scheme.HE, 4, 4),
                        tensor("zeros", PlannedTensor.NO_LAYER, Scheme.ZEROS, 40, 40)));
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(DType.F32), 0.9);
        Map<String, String> dense = RegeneratedModels.dense(report);
        assertEquals(Set.of("orthogonal", "small", "zeros"), dense.keySet());
        assertEquals("the scheme orthogonal is not one of independent weights", dense.get("orthogonal"));
        assertTrue(dense.get("small").endsWith("all its weights 64"), dense.get("small"));
    }

    @Test
    void doublesAreLeftDense() throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(DType.F64), 0.9);
        assertEquals(
                Map.of("w", "it is F64; float32, float16 and bfloat16 are computed"), RegeneratedModels.dense(report));
    }

    @Test
    void aModelThatWouldNotShrinkIsLeftDense() throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 30, 30)));
        PruneReport report = assertSame(plan, new RegeneratedModels(folder, plan).model(DType.F32), 0.9);
        assertTrue(
                RegeneratedModels.dense(report).get("w").startsWith("the nodes and functions that compute it take "));
        assertEquals(Files.size(folder.resolve("dense.onnx")), Files.size(folder.resolve("regenerated.onnx")));
    }

    @Test
    void anOldModelIsRaisedAndItsInputsThatNameWeightsGo() throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        OnnxMl.ModelProto.Builder model = new RegeneratedModels(folder, plan).model(DType.F32);
        model.setIrVersion(3).getOpsetImportBuilder(0).setVersion(7);
        model.getGraphBuilder().addInput(TestModels.value("w", 90, 90));
        PruneReport report = assertSame(plan, model, 0.9);
        RegenerateReport regenerated = report.regenerated().orElseThrow();
        assertEquals(7, regenerated.opsetRaised());
        assertEquals(18, regenerated.opset());
        OnnxMl.ModelProto written = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(folder.resolve("regenerated.onnx")));
        assertEquals(8, written.getIrVersion());
        assertEquals(0, written.getGraph().getInputCount());
        assertEquals(
                0,
                written.getGraph().getInitializerList().stream()
                        .filter(t -> t.getName().equals("w"))
                        .count());
    }

    @Test
    void aNewerOperatorSetStays() throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        OnnxMl.ModelProto.Builder model = new RegeneratedModels(folder, plan).model(DType.F32);
        model.setIrVersion(10).getOpsetImportBuilder(0).setVersion(21);
        RegenerateReport report = assertSame(plan, model, 0.9).regenerated().orElseThrow();
        assertEquals(0, report.opsetRaised());
        assertEquals(21, report.opset());
        assertEquals(8100, report.regenerated());
    }

    @ParameterizedTest
    @CsvSource({"Softmax, 12, false", "Softmax, 13, true", "Relu, 6, true", "Abs, 13, true"})
    void aModelIsRaisedOnlyWhereItsOperatorsMeanTheSame(String operator, int opset, boolean raised) throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        OnnxMl.ModelProto.Builder model = new RegeneratedModels(folder, plan).model(DType.F32);
        model.getOpsetImportBuilder(0).setVersion(opset);
        model.getGraphBuilder()
                .addNode(TestModels.node(operator, "more", "w"))
                .addOutput(TestModels.value("more", 90, 90));
        PruneReport report = assertSame(plan, model, 0.9);
        assertEquals(
                raised
                        ? Map.of()
                        : Map.of("w", "opset 18 is needed, the model has 12, and there Softmax means something else"),
                RegeneratedModels.dense(report));
    }

    @Test
    void functionsOfAnOldModelKeepItAsItIs() throws IOException {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        OnnxMl.ModelProto.Builder model = new RegeneratedModels(folder, plan).model(DType.F32);
        model.getOpsetImportBuilder(0).setVersion(17);
        model.addOpsetImport(
                OnnxMl.OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
        model.addFunctions(OnnxMl.FunctionProto.newBuilder()
                .setName("Twice")
                .setDomain("own")
                .addInput("x")
                .addOutput("y")
                .addNode(TestModels.node("Add", "y", "x", "x"))
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17)));
        PruneReport report = assertSame(plan, model, 0.9);
        assertEquals(
                Map.of("w", "the model has functions of its own and opset 17; 18 is needed"),
                RegeneratedModels.dense(report));
    }

    @Test
    void otherFilesHaveNoSuchStorage() {
        InitPlan plan = new InitPlan(4, List.of(tensor("w", 0, Scheme.HE, 90, 90)));
        RegeneratedModels models = new RegeneratedModels(folder, plan);
        assertThrows(IllegalArgumentException.class, () -> {
            Path model = models.write("model.onnx", models.model(DType.F32));
            try (io.detinit.interop.onnx.OnnxCheckpoint checkpoint =
                    io.detinit.interop.onnx.OnnxCheckpoint.open(model)) {
                checkpoint.rewrite(folder.resolve("o.onnx"), Map.of(), Map.of(), TensorStorage.REGENERATE);
            }
        });
        assertFalse(Files.exists(folder.resolve("o.onnx")));
    }

    @Test
    void operatorsKeepTheirMeaningFromTheVersionsOfTheTable() {
        assertTrue(OperatorVersions.same("Conv", 1));
        assertTrue(OperatorVersions.same("BatchNormalization", 9));
        assertFalse(OperatorVersions.same("BatchNormalization", 8));
        assertFalse(OperatorVersions.same("Upsample", 9));
        assertFalse(OperatorVersions.same("NoSuchOperator", 17));
    }
}
