package io.detinit.interop.export;

import static io.detinit.interop.export.TestBlocks.forward;
import static io.detinit.interop.export.TestBlocks.initialised;
import static io.detinit.interop.export.TestBlocks.linear;
import static io.detinit.interop.export.TestBlocks.names;
import static io.detinit.interop.export.TestBlocks.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import ai.onnx.proto.OnnxMl;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.OnnxScorer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxExporterTest {

    private static final NDManager MANAGER = NDManager.newBaseManager();

    @TempDir
    Path folder;

    @AfterAll
    static void close() {
        MANAGER.close();
    }

    private static byte[] export(Block block, long... sample) {
        return OnnxExporter.export(block, new Shape(sample), names(block), Map.of());
    }

    /** ONNX Runtime and DJL agree to 1e-5 of the largest output. */
    private static void agrees(Block block, byte[] model, int count, long... sample) throws IOException {
        int features = (int) new Shape(sample).size();
        float[] input = random(5, count * features);
        float[] expected = forward(
                block,
                MANAGER,
                input,
                new Shape(count).addAll(new Shape(sample)).getShape());
        try (OnnxScorer scorer = OnnxScorer.of("exported", model, 1)) {
            float[] found = scorer.logits(input, features, 4);
            assertEquals(expected.length, found.length);
            float scale = 0;
            for (float value : expected) {
                scale = Math.max(scale, Math.abs(value));
            }
            assertTrue(scale > 0);
            for (int k = 0; k < found.length; k++) {
                assertEquals(expected[k], found[k], 1e-5f * scale);
            }
        }
    }

    static Stream<Block> functions() {
        return Stream.of(
                Activation.reluBlock(),
                Activation.tanhBlock(),
                Activation.sigmoidBlock(),
                Activation.softPlusBlock(),
                Activation.softSignBlock(),
                Activation.leakyReluBlock(0.2f),
                Blocks.identityBlock(),
                Blocks.batchFlattenBlock(),
                LambdaBlock.singleton(x -> x.softmax(-1), "softmax"),
                LambdaBlock.singleton(x -> x.softmax(1), "Softmax"),
                LambdaBlock.singleton(x -> x.logSoftmax(-1), "log_softmax"));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void everyFunctionComputesWhatDjlComputes(Block function) throws IOException {
        Block block = initialised(
                new SequentialBlock().add(linear(6)).add(function).add(linear(4)), MANAGER, DataType.FLOAT32, 5);
        agrees(block, export(block, 5), 9, 5);
        Block last = initialised(new SequentialBlock().add(linear(6)).add(function), MANAGER, DataType.FLOAT32, 5);
        agrees(last, export(last, 5), 9, 5);
    }

    @Test
    void functionsTakeSamplesOfSeveralAxes() throws IOException {
        Block block = initialised(
                new SequentialBlock()
                        .add(LambdaBlock.singleton(x -> x.softmax(-1), "softmax"))
                        .add(Activation.sigmoidBlock()),
                MANAGER,
                DataType.FLOAT32,
                2,
                3,
                4);
        agrees(block, export(block, 2, 3, 4), 3, 2, 3, 4);
    }

    @Test
    void anMlpWithNestedBlocks() throws IOException {
        Block block = initialised(TestBlocks.mlp(), MANAGER, DataType.FLOAT32, 1, 4, 4);
        byte[] model = export(block, 1, 4, 4);
        agrees(block, model, 1, 1, 4, 4);
        agrees(block, model, 10, 1, 4, 4);
        OnnxMl.ModelProto proto = OnnxMl.ModelProto.parseFrom(model);
        assertEquals(8, proto.getIrVersion());
        assertEquals(17, proto.getOpsetImport(0).getVersion());
        assertEquals("detinit", proto.getProducerName());
        assertEquals(
                List.of("Flatten", "Gemm", "Relu", "Gemm", "Tanh", "Gemm"),
                proto.getGraph().getNodeList().stream()
                        .map(OnnxMl.NodeProto::getOpType)
                        .toList());
        assertEquals(2, proto.getGraph().getNode(3).getInputCount(), "no bias");
        assertEquals("input", proto.getGraph().getInput(0).getName());
        assertEquals("output", proto.getGraph().getOutput(0).getName());
        OnnxMl.TensorShapeProto shape =
                proto.getGraph().getOutput(0).getType().getTensorType().getShape();
        assertEquals("N", shape.getDim(0).getDimParam());
        assertEquals(3, shape.getDim(1).getDimValue());
    }

    @Test
    void parametersKeepTheirBitsNamesAndOrder() throws IOException {
        Block block = initialised(TestBlocks.mlp(), MANAGER, DataType.FLOAT32, 6);
        block.getParameters().get(0).getValue().getArray().set(new float[42]); // a row of zeros and odd values
        block.getParameters().get(1).getValue().getArray().set(new float[] {
            -0f, Float.MIN_VALUE, Float.NaN, Float.POSITIVE_INFINITY, 1, Float.MAX_VALUE, -1
        });
        Path file = folder.resolve("m.onnx");
        OnnxExporter.write(file, block, new Shape(6), names(block), Map.of("detinit.plan", "{\"seed\":1}", "a", "b"));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
            assertEquals(Map.of("detinit.plan", "{\"seed\":1}", "a", "b"), checkpoint.metadata());
            List<TensorView> tensors = checkpoint.tensors();
            assertEquals(
                    List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc3.weight", "fc3.bias"),
                    tensors.stream().map(t -> t.info().name()).toList());
            for (int k = 0; k < tensors.size(); k++) {
                Parameter parameter = block.getParameters().get(k).getValue();
                TensorView tensor = tensors.get(k);
                assertArrayEquals(
                        parameter.getArray().getShape().getShape(),
                        tensor.info().shape().dims());
                float[] values = parameter.getArray().toFloatArray();
                ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
                tensor.readBytes(0, bytes);
                bytes.flip();
                for (float value : values) {
                    assertEquals(Float.floatToRawIntBits(value), bytes.getInt());
                }
            }
        }
    }

    @Test
    void float16ParametersKeepTheirBits() throws IOException {
        Block block = new SequentialBlock().add(linear(2));
        block.getParameters()
                .get(0)
                .getValue()
                .setArray(MANAGER.create(random(3, 6), new Shape(2, 3)).toType(DataType.FLOAT16, false));
        block.getParameters()
                .get(1)
                .getValue()
                .setArray(MANAGER.create(random(4, 2)).toType(DataType.FLOAT16, false));
        byte[] model = export(block, 3);
        Path file = Files.write(folder.resolve("h.onnx"), model);
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file);
                OnnxScorer scorer = OnnxScorer.of("half", model, 1)) {
            TensorView weight = checkpoint.tensors().get(0);
            assertEquals(DType.F16, weight.info().dtype());
            float[] values = new float[6];
            weight.readFloats(0, values, 0, 6);
            assertArrayEquals(block.getParameters().get(0).getValue().getArray().toFloatArray(), values);
            assertEquals(4, scorer.logits(new float[6], 3, 2).length);
        }
    }

    @Test
    void parametersOfMixedTypesAreRefused() {
        Block block = new SequentialBlock().add(linear(2));
        block.getParameters().get(0).getValue().setArray(MANAGER.create(random(3, 6), new Shape(2, 3)));
        block.getParameters()
                .get(1)
                .getValue()
                .setArray(MANAGER.create(random(4, 2)).toType(DataType.FLOAT16, false));
        invalid("its dtype is float16, that of those before it float32", block, new Shape(3), Parameter::getId);
    }

    /** A transposed array is a view whose elements do not lie row after row. */
    @Test
    void aTransposedViewIsWrittenRowByRow() throws IOException {
        Block block = new SequentialBlock().add(linear(2));
        block.getParameters()
                .get(0)
                .getValue()
                .setArray(MANAGER.create(random(3, 6), new Shape(3, 2)).transpose());
        block.getParameters().get(1).getValue().setArray(MANAGER.create(random(4, 2)));
        agrees(block, export(block, 3), 3, 3);
    }

    @Test
    void aSharedParameterIsWrittenOnce() throws IOException {
        Linear shared = linear(4);
        Block block = initialised(
                new SequentialBlock().add(shared).add(Activation.reluBlock()).add(shared),
                MANAGER,
                DataType.FLOAT32,
                4);
        byte[] model = export(block, 4);
        agrees(block, model, 3, 4);
        assertEquals(2, OnnxMl.ModelProto.parseFrom(model).getGraph().getInitializerCount());
    }

    @Test
    void theSameBlockGivesTheSameBytes() {
        Block block = initialised(TestBlocks.mlp(), MANAGER, DataType.FLOAT32, 6);
        assertArrayEquals(export(block, 6), export(block, 6));
    }

    private static void invalid(
            String part, Block block, Shape sample, java.util.function.Function<Parameter, String> n) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> OnnxExporter.export(block, sample, n, Map.of()));
        assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
    }

    @Test
    void unusableParametersAndNamesAreRefused() {
        Block block = initialised(new SequentialBlock().add(linear(2)), MANAGER, DataType.FLOAT32, 3);
        invalid("no name was given", block, new Shape(3), p -> "");
        invalid("the name 'w' is taken", block, new Shape(3), p -> "w");
        invalid("those of inputs and outputs (input, output) are reserved", block, new Shape(3), p -> "input");
        invalid("its shape is (2, 3); the input of the block wants (2, 4)", block, new Shape(4), Parameter::getId);
        invalid("every axis must be greater than 0", block, new Shape(0), Parameter::getId);
        invalid("is not initialised", new SequentialBlock().add(linear(2)), new Shape(3), Parameter::getId);
        Block wide = initialised(new SequentialBlock().add(linear(2)), MANAGER, DataType.FLOAT64, 3);
        invalid("its dtype is float64", wide, new Shape(3), Parameter::getId);
    }

    @Test
    void valuesBetweenNodesDoNotTakeAParametersName() throws IOException {
        Block block = initialised(
                new SequentialBlock().add(linear(2)).add(Activation.reluBlock()), MANAGER, DataType.FLOAT32, 3);
        byte[] model = OnnxExporter.export(
                block, new Shape(3), p -> p.getName().equals("bias") ? "Gemm_0_out" : "w", Map.of());
        agrees(block, model, 2, 3);
    }
}
