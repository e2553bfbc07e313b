package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.floats;
import static io.detinit.interop.export.TestBlocks.linear;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.detinit.interop.SharedFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What has no ONNX form is refused by name and place, with the way that works. */
class RefusedBlocksTest {

    private static String refused(Block block, long... sample) {
        return refused(block, ConverterRegistry.standard(), sample);
    }

    private static String refused(Block block, ConverterRegistry converters, long... sample) {
        ExportOptions options =
                new ExportOptions(17, Parameter::getId, List.of(), Map.of(), converters, ExportOptions.MAX_MODEL_BYTES);
        UnsupportedBlockException e = assertThrows(
                UnsupportedBlockException.class, () -> OnnxExporter.export(block, List.of(floats(sample)), options));
        String message = String.valueOf(e.getMessage());
        assertFalse(message.contains("\n"), message);
        return message;
    }

    private static void refusedWith(String part, Block block, long... sample) {
        String message = refused(block, sample);
        assertTrue(message.contains(part), message);
        assertTrue(message.endsWith("; " + UnsupportedBlockException.REGISTER), message);
    }

    private static Block lambda(Function<NDArray, NDArray> function) {
        return LambdaBlock.singleton(function, "mine");
    }

    @Test
    void anOperationWithoutAFormIsNamedWithTheLambdaAndItsPlace() {
        Block inner = new SequentialBlock().add(Activation.reluBlock()).add(lambda(NDArray::gammaln));
        refusedWith(
                "block 02SequentialBlock/02LambdaBlock: the LambdaBlock 'mine': its forward uses NDArray.gammaln, which"
                        + " has no ONNX form here",
                new SequentialBlock().add(Activation.tanhBlock()).add(inner),
                3);
        refusedWith("block (the model itself): the LambdaBlock 'mine'", lambda(x -> x.inverse()), 3, 3);
        refusedWith(
                "NDArrayEx.randomFlipLeftRight",
                lambda(x -> x.getNDArrayInternal().randomFlipLeftRight()),
                3);
        refusedWith(
                "ai.djl.nn.ParallelBlock: its forward uses NDArray.percentile",
                new ParallelBlock(
                        list -> new NDList(list.get(0).head().percentile(50)), List.of(Activation.reluBlock())),
                3);
    }

    @Test
    void aForwardThatReadsValuesIsRefused() {
        refusedWith(
                "its forward reads the values of an array (toByteBuffer)",
                lambda(x -> x.sum().getFloat() > 0 ? x : x.neg()),
                3);
        refusedWith("reads the values of an array (contentEquals)", lambda(x -> x.contentEquals(1) ? x : x.neg()), 3);
        refusedWith("selects by a boolean array", lambda(x -> x.get(x.gt(0))), 3);
    }

    @Test
    void randomNumbersAreRefused() {
        refusedWith(
                "NDManager.randomNormal, random numbers",
                lambda(x -> x.add(x.getManager().randomNormal(new Shape(3)))),
                3);
        refusedWith("uses random numbers", lambda(x -> x.add(x.getManager().create(Math.random()))), 3);
    }

    @Test
    void aForwardThatIsAnotherOneForAnotherBatchIsRefused() {
        refusedWith("for a batch of 2 and", lambda(x -> x.size(0) > 2 ? x.neg() : x.abs()), 3);
        refusedWith(
                "does not grow in proportion",
                lambda(x -> x.reshape(x.size() - 1 + 1, 1).get(x.size(0) + 1 + ":")),
                3);
    }

    @Test
    void changesInPlaceThatOthersWouldSeeAreRefused() {
        refusedWith("changes its input 'input' in place", lambda(x -> x.addi(1)), 3);
        refusedWith(
                "changes an array in place and goes on with a view",
                lambda(x -> {
                    NDArray sum = x.add(1);
                    NDArray view = sum.reshape(-1, 3, 1);
                    sum.muli(2);
                    return view;
                }),
                3);
    }

    @Test
    void aTransposedConvolutionWithAWeightInAnotherOrderIsRefused() {
        try (NDManager manager = NDManager.newBaseManager()) {
            Block block = Conv2dTranspose.builder()
                    .setKernelShape(new Shape(2, 2))
                    .setFilters(5)
                    .build();
            block.initialize(manager, DataType.FLOAT32, new Shape(1, 3, 4, 4));
            refusedWith("its weight is (5, 3, 2, 2) and its input has 3 channels", block, 3, 4, 4);
        }
    }

    @Test
    void whatDjlCannotRunIsSaidWithTheShapes() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OnnxExporter.export(
                        new SequentialBlock().add(lambda(x -> x.matMul(x))),
                        new Shape(3, 4),
                        Parameter::getId,
                        Map.of()));
        assertTrue(
                String.valueOf(e.getMessage())
                        .startsWith("block 01LambdaBlock: the LambdaBlock 'mine': DJL's own forward fails on inputs of"
                                + " the shapes [(2, 3, 4)]"),
                e.getMessage());
    }

    /** A Block that runs a child itself. */
    private static final class Doubled extends AbstractBlock {

        private final Block child;

        Doubled(Block child) {
            this.child = addChildBlock("child", child);
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            NDArray value = child.forward(store, inputs, training).singletonOrThrow();
            return new NDList(value.add(value));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] shapes) {
            return child.getOutputShapes(shapes);
        }

        @Override
        protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
            child.initialize(manager, type, shapes);
        }
    }

    @Test
    void aBlockOfOnesOwnIsFollowed() {
        Exported.agrees(new Doubled(linear(3)), floats(4));
        Exported.agrees(
                new SequentialBlock()
                        .add(new Doubled(new Doubled(Conv2d.builder()
                                .setKernelShape(new Shape(2, 2))
                                .setFilters(2)
                                .build()))),
                floats(2, 5, 5));
    }

    @Test
    void aConverterOutOfReachIsNamed() {
        ConverterRegistry converters = ConverterRegistry.standard()
                .with(BlockConverter.ofLambda(
                        "mine", (inputs, context) -> List.of(inputs.get(0).name())));
        String message = refused(new Doubled(lambda(NDArray::gammaln)), converters, 3);
        assertTrue(
                message.contains(
                        "Doubled is followed as a whole, so that the converter of its child 01child is not asked"),
                message);
    }

    @Test
    void torchScriptIsSaidInOneLineWithTheWayThatWorks() throws Exception {
        Path file = SharedFiles.path("fixtures/trained/mlp-torchdefault.torchscript.pt");
        try (Model model = Model.newInstance("m", "PyTorch")) {
            model.load(file.getParent(), file.getFileName().toString());
            String message = refused(model.getBlock(), 4);
            assertEquals(
                    "block (the model itself): a model that DJL loaded from a file of an engine (TorchScript), whose"
                            + " forward lies inside the engine, cannot be converted; read its weights with 'inspect', bring"
                            + " its masks to another file with 'transfer'",
                    message);
        }
    }
}
