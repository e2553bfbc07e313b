package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.floats;
import static io.detinit.interop.export.Exported.ids;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.transformer.IdEmbedding;
import ai.onnx.proto.OnnxMl;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Opsets, names, several inputs and outputs, metadata, external data. */
class ExportOptionsTest {

    @TempDir
    Path folder;

    /** A Block that has every operator whose form depends on the operator set. */
    private static Block versioned() {
        return new SequentialBlock()
                .add(LayerNorm.builder().axis(2).build())
                .add(LSTM.builder()
                        .setStateSize(4)
                        .setNumLayers(1)
                        .optBidirectional(true)
                        .optHasBiases(false)
                        .build())
                .add(Activation.geluBlock())
                .add(Pool.maxPool1dBlock(new Shape(2), new Shape(2), new Shape(0), true))
                .add(Pool.lpPool1dBlock(2, new Shape(2), new Shape(1), new Shape(0), false))
                .addSingleton(x -> NDArrays.concat(
                        new NDList(
                                x.sum(new int[] {2}),
                                x.mean(new int[] {2}),
                                x.max(new int[] {-1}),
                                x.norm(2, new int[] {2}, false),
                                x.pad(new Shape(1, 2), 3).flip(2).prod(new int[] {2})),
                        1))
                .add(TestBlocks.linear(3));
    }

    @ParameterizedTest
    @CsvSource({"13,7", "14,7", "15,8", "16,8", "17,8", "18,8", "19,9", "20,9", "21,10"})
    void everyOpsetThatCanBeChosen(int opset, int irVersion) throws Exception {
        List<ModelInput> inputs = List.of(floats(5, 6));
        Block block = versioned();
        try (NDManager manager = NDManager.newBaseManager()) {
            Exported.initialised(block, manager, Exported.shapes(inputs, 1));
            byte[] model = OnnxExporter.export(
                    block, inputs, ExportOptions.of(Exported.paths(block)).withOpset(opset));
            OnnxMl.ModelProto proto = OnnxMl.ModelProto.parseFrom(model);
            assertEquals(opset, proto.getOpsetImport(0).getVersion());
            assertEquals(irVersion, proto.getIrVersion());
            Exported.assertSameOutputs(block, model, inputs, 3, Exported.TOLERANCE);
        }
    }

    @Test
    void otherOpsetsAreRefused() {
        ExportOptions options = ExportOptions.of(p -> "w");
        for (int opset : new int[] {0, 12, 22}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> options.withOpset(opset));
            assertEquals("opset " + opset + " is not written; choose one of 13 to 21", e.getMessage());
        }
    }

    @Test
    void severalInputsOfSeveralTypesAndNamedOutputs() throws Exception {
        List<ModelInput> inputs = List.of(
                ids("tokens", -1, 4),
                new ModelInput("scale", new Shape(3), DataType.FLOAT32),
                new ModelInput("keep", new Shape(4, -1), DataType.BOOLEAN));
        Block words = new IdEmbedding.Builder()
                .setDictionarySize(4)
                .setEmbeddingSize(3)
                .build();
        Block block = new ParallelBlock(
                list -> {
                    NDArray scaled = list.get(0).head().mul(list.get(1).get(0));
                    NDArray keep = list.get(1).get(1).transpose().expandDims(2).toType(DataType.FLOAT32, false);
                    return new NDList(scaled.mul(keep), list.get(1).get(1));
                },
                List.of(
                        new SequentialBlock()
                                .add(new LambdaBlock(x -> new NDList(x.get(0))))
                                .add(words),
                        new LambdaBlock(x -> new NDList(x.get(1), x.get(2)))));
        try (NDManager manager = NDManager.newBaseManager()) {
            block.initialize(manager, DataType.FLOAT32, new Shape(1, 4), new Shape(3), new Shape(4, 1));
            ExportOptions options = ExportOptions.of(Exported.paths(block));
            byte[] model = OnnxExporter.export(block, inputs, options.withOutputs("words", "same"));
            Exported.assertSameOutputs(block, model, inputs, 5, Exported.TOLERANCE);
            OnnxMl.GraphProto graph = OnnxMl.ModelProto.parseFrom(model).getGraph();
            assertEquals(
                    List.of("tokens", "scale", "keep"),
                    graph.getInputList().stream()
                            .map(OnnxMl.ValueInfoProto::getName)
                            .toList());
            assertEquals(
                    List.of("words", "same"),
                    graph.getOutputList().stream()
                            .map(OnnxMl.ValueInfoProto::getName)
                            .toList());
            OnnxMl.TensorShapeProto keep =
                    graph.getInput(2).getType().getTensorType().getShape();
            assertEquals(4, keep.getDim(0).getDimValue());
            assertEquals("N", keep.getDim(1).getDimParam());
            OnnxMl.GraphProto plain = OnnxMl.ModelProto.parseFrom(OnnxExporter.export(block, inputs, options))
                    .getGraph();
            assertEquals("output_1", plain.getOutput(1).getName());
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> OnnxExporter.export(block, inputs, options.withOutputs("one")));
            assertTrue(String.valueOf(e.getMessage()).contains("has 2 outputs"), e.getMessage());
        }
    }

    @Test
    void anAxisOfSeveralValuesPerSampleGrowsWithTheBatch() throws Exception {
        Block block = new SequentialBlock()
                .addSingleton(x -> x.reshape(x.size(0) * 3, 4))
                .addSingleton(x -> x.add(x.getManager().ones(x.getShape())))
                .addSingleton(x -> x.reshape(x.size(0), 2, 2).transpose(1, 0, 2).reshape(2, x.size(0), 2));
        byte[] model = OnnxExporter.export(block, List.of(floats(3, 4)), ExportOptions.of(p -> "w"));
        Exported.assertSameOutputs(block, model, List.of(floats(3, 4)), 5, 0);
        OnnxMl.TensorShapeProto shape = OnnxMl.ModelProto.parseFrom(model)
                .getGraph()
                .getOutput(0)
                .getType()
                .getTensorType()
                .getShape();
        assertEquals("3N", shape.getDim(1).getDimParam());
    }

    @Test
    void inputsThatCannotBeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ModelInput("", new Shape(-1), DataType.FLOAT32));
        assertThrows(IllegalArgumentException.class, () -> new ModelInput("x", new Shape(-1, -1), DataType.FLOAT32));
        assertThrows(IllegalArgumentException.class, () -> new ModelInput("x", new Shape(-1, 0), DataType.FLOAT32));
        assertThrows(IllegalArgumentException.class, () -> new ModelInput("x", new Shape(-1), DataType.STRING));
        ExportOptions options = ExportOptions.of(p -> "w");
        for (List<ModelInput> inputs : List.of(
                List.of(floats(3), floats(3)),
                List.of(new ModelInput("x", new Shape(2, 3), DataType.FLOAT32)),
                List.of(new ModelInput("x", new Shape(-1, 3), DataType.FLOAT16)))) {
            assertThrows(
                    IllegalArgumentException.class, () -> OnnxExporter.export(Activation.reluBlock(), inputs, options));
        }
    }

    @Test
    void planAndRunCardStandInTheMetadataInOrder() throws Exception {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("detinit.plan", "{\"seed\":1}");
        metadata.put("detinit.run", "{\"model\":\"mlp\"}");
        Path file = folder.resolve("m.onnx");
        OnnxExporter.write(
                file,
                Activation.reluBlock(),
                List.of(floats(3)),
                ExportOptions.of(p -> "w").withMetadata(metadata));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
            assertEquals(metadata, checkpoint.metadata());
        }
    }

    @Test
    void aboveTheLimitLargeParametersGoToAFileOfTheirOwn() throws Exception {
        List<ModelInput> inputs = List.of(floats(40));
        Block block = new SequentialBlock()
                .add(TestBlocks.linear(300))
                .add(Activation.reluBlock())
                .add(TestBlocks.linear(7));
        try (NDManager manager = NDManager.newBaseManager()) {
            Exported.initialised(block, manager, Exported.shapes(inputs, 1));
            ExportOptions options = ExportOptions.of(Exported.paths(block)).withMaxModelBytes(50_000);
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> OnnxExporter.export(block, inputs, options));
            assertTrue(String.valueOf(e.getMessage()).contains("more than the 50000 of one file"), e.getMessage());
            Path file = folder.resolve("m.onnx");
            Path data = folder.resolve("m.onnx.data");
            OnnxExporter.write(file, block, inputs, options);
            assertEquals(300 * 40 * 4 + 4096 - 48000 % 4096 + 300 * 4 + 4096 - 1200 + 7 * 300 * 4, Files.size(data));
            assertTrue(Files.size(file) < 3000);
            float[] input = TestBlocks.random(3, 80);
            float[] expected = TestBlocks.forward(block, manager, input, 2, 40);
            try (OnnxScorer scorer = OnnxScorer.open(file, 1)) {
                assertArrayEquals(expected, scorer.logits(input, 40, 2), 1e-4f);
            }
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                assertEquals(4, checkpoint.tensors().size());
                for (int k = 0; k < 4; k++) {
                    TensorView tensor = checkpoint.tensors().get(k);
                    float[] values =
                            new float[Math.toIntExact(tensor.info().shape().elements())];
                    tensor.readFloats(0, values, 0, values.length);
                    assertArrayEquals(
                            block.getParameters().get(k).getValue().getArray().toFloatArray(), values);
                }
            }
            byte[] before = Files.readAllBytes(data);
            OnnxExporter.write(file, block, inputs, options);
            assertArrayEquals(before, Files.readAllBytes(data), "a data file is never replaced");
            assertTrue(Files.exists(folder.resolve("m.onnx.2.data")));
            Path folderInTheWay = Files.createDirectory(folder.resolve("other.onnx"));
            assertThrows(java.io.IOException.class, () -> OnnxExporter.write(folderInTheWay, block, inputs, options));
            assertFalse(Files.exists(folder.resolve("other.onnx.data")));
        }
    }
}
