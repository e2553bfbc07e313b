package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.floats;
import static io.detinit.interop.export.TestBlocks.linear;
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
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.onnx.proto.OnnxMl;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Converters of others take Blocks over. */
class ConverterTest {

    @TempDir
    Path folder;

    /** A median has no form by itself; of three values it is their sum without the largest and the smallest. */
    private static Block median() {
        return LambdaBlock.singleton(x -> x.sort(1).get(":,1:2"), "median");
    }

    private static List<String> median(List<OnnxValue> inputs, ConversionContext context) {
        String x = inputs.get(0).name();
        Map<String, ?> attributes = Map.of("axes", new long[] {1}, "keepdims", 1);
        String sum = context.node("ReduceSum", Map.of("keepdims", true), x, context.longs(1));
        String rest = context.node("Sub", Map.of(), sum, context.node("ReduceMax", attributes, x));
        return List.of(context.node("Sub", Map.of(), rest, context.node("ReduceMin", attributes, x)));
    }

    @Test
    void aLambdaByItsNameInsideContainers() throws Exception {
        Block block = new SequentialBlock()
                .add(linear(3))
                .add(new ParallelBlock(
                        list -> new NDList(list.get(0).head().add(list.get(1).head())),
                        List.of(
                                median(),
                                new SequentialBlock()
                                        .add(Activation.tanhBlock())
                                        .add(median()))))
                .add(linear(2));
        try (NDManager manager = NDManager.newBaseManager()) {
            Exported.initialised(block, manager, new Shape(2, 4));
            List<OnnxValue> seen = new ArrayList<>();
            ExportOptions options = ExportOptions.of(Exported.paths(block))
                    .withConverter(BlockConverter.ofLambda("median", (inputs, context) -> {
                        seen.addAll(inputs);
                        assertTrue(context.place().endsWith("LambdaBlock"), context.place());
                        return median(inputs, context);
                    }));
            byte[] model = OnnxExporter.export(block, List.of(floats(4)), options);
            Exported.assertSameOutputs(block, model, List.of(floats(4)), 5, Exported.TOLERANCE);
            assertEquals(2, seen.size());
            assertEquals(new Shape(-1, 3), seen.get(0).shape(), "the batch axis is free");
            assertEquals(DataType.FLOAT32, seen.get(0).dataType());
            assertTrue(OnnxMl.ModelProto.parseFrom(model).getGraph().getNodeList().stream()
                    .noneMatch(node -> node.getOpType().equals("TopK")));
        }
    }

    /** Of two converters of one class the later one is asked, then that of a superclass. */
    private record OfLinear(boolean accepting, List<String> calls) implements BlockConverter<Linear> {
        @Override
        public Class<Linear> blockType() {
            return Linear.class;
        }

        @Override
        public boolean accepts(Linear block) {
            return accepting;
        }

        @Override
        public List<String> convert(Linear block, List<OnnxValue> inputs, ConversionContext context) {
            calls.add(context.place());
            var parameters = block.getDirectParameters().toMap();
            String weight = context.parameter(parameters.get("weight"));
            String transposed = context.node("Transpose", Map.of("perm", new long[] {1, 0}), weight);
            String product = context.node("MatMul", Map.of(), inputs.get(0).name(), transposed);
            return List.of(context.node("Add", Map.of(), product, context.parameter(parameters.get("bias"))));
        }
    }

    @Test
    void theLastRegisteredConverterOfAClassIsAskedFirst() {
        List<String> first = new ArrayList<>();
        List<String> second = new ArrayList<>();
        Block block = new SequentialBlock().add(linear(3)).add(Activation.reluBlock());
        try (NDManager manager = NDManager.newBaseManager()) {
            Exported.initialised(block, manager, new Shape(2, 4));
            ExportOptions options = ExportOptions.of(Exported.paths(block))
                    .withConverter(new OfLinear(true, first))
                    .withConverter(new OfLinear(false, second));
            byte[] model = OnnxExporter.export(block, List.of(floats(4)), options);
            Exported.assertSameOutputs(block, model, List.of(floats(4)), 3, Exported.TOLERANCE);
            assertEquals(List.of("01Linear"), first);
            assertEquals(List.of(), second);
            OnnxExporter.export(block, List.of(floats(4)), options.withConverter(new OfLinear(true, second)));
            assertEquals(List.of("01Linear"), second);
        }
    }

    /** A Block that only its converter knows: DJL's engine cannot run it. */
    @Test
    void aBlockThatTheEngineCannotRunTakesItsShapesFromTheBlock() {
        Block block = new SequentialBlock().add(new LambdaBlock(x -> new NDList(x.head()), "there") {
            @Override
            protected NDList forwardInternal(
                    ai.djl.training.ParameterStore store,
                    NDList inputs,
                    boolean training,
                    ai.djl.util.PairList<String, Object> params) {
                throw new UnsupportedOperationException("not here");
            }

            @Override
            public Shape[] getOutputShapes(Shape[] shapes) {
                return new Shape[] {new Shape(shapes[0].get(0), 2)};
            }
        });
        ExportOptions options = ExportOptions.of(p -> "w")
                .withConverter(BlockConverter.ofLambda(
                        "there",
                        (inputs, context) -> List.of(context.node(
                                "Slice",
                                Map.of(),
                                inputs.get(0).name(),
                                context.longs(1),
                                context.longs(3),
                                context.longs(1)))));
        byte[] model = OnnxExporter.export(block, List.of(floats(4)), options);
        try (NDManager manager = NDManager.newBaseManager()) {
            NDList given = new NDList(manager.create(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, new Shape(2, 4)));
            Exported.ModelOutput found =
                    Exported.run(model, List.of(floats(4)), given).get(0);
            assertArrayEquals(new long[] {2, 2}, found.shape());
            assertArrayEquals(new float[] {2, 3, 6, 7}, found.values());
        }
    }

    @Test
    void aConverterThatGivesAnotherNumberOfOutputsIsNamed() {
        ExportOptions options = ExportOptions.of(p -> "w")
                .withConverter(BlockConverter.ofLambda("two", (inputs, context) -> List.of()));
        UnsupportedBlockException e = assertThrows(
                UnsupportedBlockException.class,
                () -> OnnxExporter.export(LambdaBlock.singleton(NDArray::neg, "two"), List.of(floats(3)), options));
        assertTrue(String.valueOf(e.getMessage()).contains("gives 0 outputs, the Block 1"), e.getMessage());
    }

    /** A class that a service file names. */
    public static final class Service implements BlockConverter<LambdaBlock> {
        @Override
        public Class<LambdaBlock> blockType() {
            return LambdaBlock.class;
        }

        @Override
        public boolean accepts(LambdaBlock block) {
            return block.getName().equals("gamma");
        }

        @Override
        public List<String> convert(LambdaBlock block, List<OnnxValue> inputs, ConversionContext context) {
            return List.of(context.node("Neg", Map.of(), inputs.get(0).name()));
        }
    }

    @Test
    void aServiceOnTheClassPathIsFound() throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(BlockConverter.class.getName()), Service.class.getName());
        Block block = LambdaBlock.singleton(NDArray::gammaln, "gamma");
        assertThrows(
                UnsupportedBlockException.class,
                () -> OnnxExporter.export(block, List.of(floats(3)), ExportOptions.of(p -> "w")));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(loader);
            byte[] model = OnnxExporter.export(block, List.of(floats(3)), ExportOptions.of(p -> "w"));
            assertEquals(
                    "Neg",
                    OnnxMl.ModelProto.parseFrom(model).getGraph().getNode(0).getOpType());
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }
}
