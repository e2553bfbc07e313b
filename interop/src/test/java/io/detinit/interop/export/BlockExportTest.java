package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.agrees;
import static io.detinit.interop.export.Exported.floats;
import static io.detinit.interop.export.Exported.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.convolutional.Conv3d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.core.LinearCollection;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.GhostBatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.nn.transformer.BertBlock;
import ai.djl.nn.transformer.IdEmbedding;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every Block with random weights on at least three input shapes: ONNX Runtime against DJL's own forward. */
class BlockExportTest {

    /** A Block to be built anew for each shape. */
    @SuppressWarnings("ArrayRecordComponent")
    record Case(String name, Supplier<Block> block, ModelInput[]... inputs) {}

    private static Case of(String name, Supplier<Block> block, long[]... samples) {
        return new Case(
                name,
                block,
                Arrays.stream(samples).map(s -> new ModelInput[] {floats(s)}).toArray(ModelInput[][]::new));
    }

    private static long[] shape(long... dims) {
        return dims;
    }

    private static Case image(String name, Supplier<Block> block) {
        return of(name, block, shape(2, 9, 9), shape(4, 12, 10), shape(2, 8, 15));
    }

    private static Case line(String name, Supplier<Block> block) {
        return of(name, block, shape(2, 9), shape(4, 12), shape(6, 17));
    }

    private static Case volume(String name, Supplier<Block> block) {
        return of(name, block, shape(2, 6, 7, 8), shape(4, 8, 6, 6), shape(2, 7, 7, 9));
    }

    private static Case any(String name, Supplier<Block> block) {
        return of(name, block, shape(5), shape(3, 4), shape(2, 3, 4));
    }

    private static Shape both(long size) {
        return new Shape(size, size);
    }

    static Stream<Case> convolutions() {
        return Stream.of(
                line(
                        "Conv1d",
                        () -> Conv1d.builder()
                                .setKernelShape(new Shape(3))
                                .setFilters(4)
                                .optStride(new Shape(2))
                                .optPadding(new Shape(1))
                                .build()),
                line(
                        "Conv1d dilated, grouped",
                        () -> Conv1d.builder()
                                .setKernelShape(new Shape(2))
                                .setFilters(4)
                                .optDilation(new Shape(3))
                                .optGroups(2)
                                .optBias(false)
                                .build()),
                image(
                        "Conv2d",
                        () -> Conv2d.builder()
                                .setKernelShape(new Shape(3, 2))
                                .setFilters(3)
                                .optStride(new Shape(2, 1))
                                .optPadding(new Shape(1, 0))
                                .build()),
                image(
                        "Conv2d dilated, grouped",
                        () -> Conv2d.builder()
                                .setKernelShape(both(3))
                                .setFilters(4)
                                .optDilation(new Shape(1, 2))
                                .optGroups(2)
                                .build()),
                volume(
                        "Conv3d",
                        () -> Conv3d.builder()
                                .setKernelShape(new Shape(2, 3, 2))
                                .setFilters(3)
                                .optStride(new Shape(1, 2, 1))
                                .optPadding(new Shape(1, 1, 0))
                                .build()));
    }

    static Stream<Case> pools() {
        List<Case> cases = new ArrayList<>();
        for (boolean ceil : new boolean[] {false, true}) {
            String suffix = ceil ? " ceil" : "";
            cases.add(line(
                    "maxPool1d" + suffix, () -> Pool.maxPool1dBlock(new Shape(3), new Shape(2), new Shape(1), ceil)));
            cases.add(image("maxPool2d" + suffix, () -> Pool.maxPool2dBlock(both(3), both(2), both(1), ceil)));
            cases.add(image("maxPool2d wide" + suffix, () -> Pool.maxPool2dBlock(both(2), both(3), both(0), ceil)));
            cases.add(volume(
                    "maxPool3d" + suffix,
                    () -> Pool.maxPool3dBlock(new Shape(2, 2, 2), new Shape(2, 2, 2), new Shape(0, 1, 0), ceil)));
            for (boolean count : new boolean[] {false, true}) {
                String own = suffix + (count ? " counting" : "");
                cases.add(line(
                        "avgPool1d" + own,
                        () -> Pool.avgPool1dBlock(new Shape(3), new Shape(2), new Shape(1), ceil, count)));
                cases.add(image("avgPool2d" + own, () -> Pool.avgPool2dBlock(both(3), both(2), both(1), ceil, count)));
                cases.add(volume(
                        "avgPool3d" + own,
                        () -> Pool.avgPool3dBlock(
                                new Shape(3, 2, 2), new Shape(2, 2, 2), new Shape(1, 1, 0), ceil, count)));
            }
            for (float order : new float[] {2, 3, 4}) {
                cases.add(line(
                        "lpPool1d " + order + suffix,
                        () -> Pool.lpPool1dBlock(order, new Shape(3), new Shape(2), new Shape(0), ceil)));
                cases.add(image(
                        "lpPool2d " + order + suffix,
                        () -> Pool.lpPool2dBlock(order, both(3), both(2), both(0), ceil)));
            }
        }
        cases.add(image("maxPool2d default", () -> Pool.maxPool2dBlock(both(2))));
        cases.add(image("avgPool2d default", () -> Pool.avgPool2dBlock(both(2))));
        cases.add(line("globalMaxPool1d", Pool::globalMaxPool1dBlock));
        cases.add(image("globalMaxPool2d", Pool::globalMaxPool2dBlock));
        cases.add(volume("globalMaxPool3d", Pool::globalMaxPool3dBlock));
        cases.add(line("globalAvgPool1d", Pool::globalAvgPool1dBlock));
        cases.add(image("globalAvgPool2d", Pool::globalAvgPool2dBlock));
        cases.add(volume("globalAvgPool3d", Pool::globalAvgPool3dBlock));
        cases.add(line("globalLpPool1d", () -> Pool.globalLpPool1dBlock(2)));
        cases.add(image("globalLpPool2d", () -> Pool.globalLpPool2dBlock(2)));
        return cases.stream();
    }

    static Stream<Case> functions() {
        return Stream.of(
                any("ReLU", Activation::reluBlock),
                any(
                        "ReLU6",
                        () -> new SequentialBlock().addSingleton(x -> x.mul(5)).add(Activation.relu6Block())),
                any("sigmoid", Activation::sigmoidBlock),
                any("Tanh", Activation::tanhBlock),
                any("softPlus", Activation::softPlusBlock),
                any("softSign", Activation::softSignBlock),
                any("LeakyReLU", () -> Activation.leakyReluBlock(0.13f)),
                any("ELU", () -> Activation.eluBlock(0.7f)),
                any("SELU", Activation::seluBlock),
                any("GELU", Activation::geluBlock),
                any("Swish", () -> Activation.swishBlock(1.7f)),
                any("Mish", Activation::mishBlock),
                any("softmax", () -> LambdaBlock.singleton(x -> x.softmax(-1))),
                any("logSoftmax", () -> LambdaBlock.singleton(x -> x.logSoftmax(1))),
                any("identity", Blocks::identityBlock),
                any("flatten", Blocks::batchFlattenBlock),
                of("flatten to a size", () -> Blocks.batchFlattenBlock(12), shape(12), shape(3, 4), shape(2, 3, 2)),
                any("Dropout", () -> Dropout.builder().optRate(0.5f).build()),
                any("Linear", () -> Linear.builder().setUnits(3).build()),
                any(
                        "Linear without bias",
                        () -> Linear.builder().setUnits(2).optBias(false).build()));
    }

    static Stream<Case> norms() {
        return Stream.of(
                any("BatchNorm", () -> BatchNorm.builder().build()),
                any(
                        "BatchNorm epsilon",
                        () -> BatchNorm.builder()
                                .optEpsilon(0.1f)
                                .optCenter(false)
                                .optScale(false)
                                .build()),
                of(
                        "BatchNorm axis 2",
                        () -> BatchNorm.builder().optAxis(2).build(),
                        shape(3, 4),
                        shape(2, 5),
                        shape(2, 3, 4)),
                image("BatchNorm axis 3", () -> BatchNorm.builder().optAxis(3).build()),
                any("GhostBatchNorm", () -> GhostBatchNorm.builder().build()),
                any("LayerNorm", () -> LayerNorm.builder().build()),
                of(
                        "LayerNorm last axis",
                        () -> LayerNorm.builder().axis(2).optEpsilon(0.01f).build(),
                        shape(3, 4),
                        shape(2, 5),
                        shape(4, 7)));
    }

    static Stream<Case> containers() {
        return Stream.of(
                any(
                        "returnIntermediate",
                        () -> new SequentialBlock()
                                .add(Linear.builder().setUnits(3).build())
                                .add(Activation.reluBlock())
                                .setReturnIntermediate(true)),
                image(
                        "sum",
                        () -> parallel(list -> new NDList(NDArrays.add(
                                list.get(0).singletonOrThrow(), list.get(1).singletonOrThrow())))),
                image(
                        "concat",
                        () -> parallel(list -> new NDList(NDArrays.concat(
                                new NDList(
                                        list.get(0).singletonOrThrow(),
                                        list.get(1).singletonOrThrow()),
                                1)))),
                image(
                        "product",
                        () -> parallel(list -> new NDList(
                                list.get(0).singletonOrThrow().mul(list.get(1).singletonOrThrow())))),
                image(
                        "both",
                        () -> parallel(list -> new NDList(
                                list.get(0).singletonOrThrow(), list.get(1).singletonOrThrow()))),
                image(
                        "stack",
                        () -> parallel(list -> new NDList(NDArrays.stack(
                                new NDList(
                                        list.get(0).singletonOrThrow(),
                                        list.get(1).singletonOrThrow()),
                                1)))));
    }

    private static Block parallel(Function<List<NDList>, NDList> function) {
        return new ParallelBlock(
                function,
                List.of(
                        Conv2d.builder().setKernelShape(both(3)).setFilters(3).build(),
                        new SequentialBlock()
                                .add(Conv2d.builder()
                                        .setKernelShape(both(3))
                                        .setFilters(3)
                                        .build())
                                .add(Activation.sigmoidBlock())));
    }

    private static <T extends RecurrentBlock.BaseBuilder<T>> void recurrent(
            List<Case> cases, String name, Supplier<T> builder, Function<T, Block> build) {
        for (int layers = 1; layers <= 2; layers++) {
            for (boolean two : new boolean[] {false, true}) {
                for (boolean state : new boolean[] {false, true}) {
                    int count = layers;
                    cases.add(of(
                            name + " layers " + layers + (two ? " bidirectional" : "") + (state ? " state" : ""),
                            () -> {
                                T made = builder.get();
                                made.setStateSize(4);
                                made.setNumLayers(count);
                                made.optBidirectional(two);
                                made.optHasBiases(!two); // DJL's engine takes the biases of two directions for weights
                                made.optReturnState(state);
                                return build.apply(made);
                            },
                            shape(3, 5),
                            shape(1, 2),
                            shape(7, 4)));
                }
            }
        }
    }

    static Stream<Case> recurrent() {
        List<Case> cases = new ArrayList<>();
        recurrent(cases, "LSTM", LSTM::builder, LSTM.Builder::build);
        recurrent(cases, "GRU", GRU::builder, GRU.Builder::build);
        recurrent(cases, "RNN tanh", () -> RNN.builder().setActivation(RNN.Activation.TANH), RNN.Builder::build);
        recurrent(cases, "RNN relu", () -> RNN.builder().setActivation(RNN.Activation.RELU), RNN.Builder::build);
        cases.add(new Case(
                "LSTM time first",
                () -> LSTM.builder()
                        .setStateSize(3)
                        .setNumLayers(2)
                        .optBatchFirst(false)
                        .optReturnState(true)
                        .build(),
                timeFirst(4, 5),
                timeFirst(2, 3),
                timeFirst(6, 1)));
        cases.add(new Case(
                "GRU given a state",
                () -> GRU.builder().setStateSize(3).setNumLayers(2).build(),
                withState(4, 5),
                withState(2, 3),
                withState(6, 1)));
        return cases.stream();
    }

    private static ModelInput[] timeFirst(long time, long width) {
        return new ModelInput[] {new ModelInput("input", new Shape(time, -1, width), DataType.FLOAT32)};
    }

    private static ModelInput[] withState(long time, long width) {
        return new ModelInput[] {floats(time, width), new ModelInput("state", new Shape(2, -1, 3), DataType.FLOAT32)};
    }

    private static ModelInput[] words(long length) {
        return new ModelInput[] {ids("ids", -1, length)};
    }

    private static ModelInput[] masked(long length, long width) {
        return new ModelInput[] {floats(length, width), ids("mask", -1, length, length)};
    }

    private static ModelInput[] bert(long length) {
        return new ModelInput[] {ids("tokens", -1, length), ids("types", -1, length), ids("masks", -1, length)};
    }

    private static ModelInput[] keyQueryValue(long from, long to) {
        return new ModelInput[] {
            new ModelInput("key", new Shape(-1, from, 8), DataType.FLOAT32),
            new ModelInput("query", new Shape(-1, to, 8), DataType.FLOAT32),
            new ModelInput("value", new Shape(-1, from, 8), DataType.FLOAT32)
        };
    }

    static Stream<Case> transformers() {
        return Stream.of(
                new Case(
                        "IdEmbedding",
                        () -> new IdEmbedding.Builder()
                                .setDictionarySize(5)
                                .setEmbeddingSize(3)
                                .build(),
                        words(1),
                        words(4),
                        words(7)),
                new Case("TrainableWordEmbedding", BlockExportTest::wordEmbedding, words(1), words(4), words(7)),
                of("ScaledDotProductAttention", BlockExportTest::attention, shape(3, 8), shape(1, 8), shape(6, 8)),
                new Case("masked attention", BlockExportTest::attention, masked(3, 8), masked(1, 8), masked(6, 8)),
                new Case(
                        "key, query, value",
                        BlockExportTest::attention,
                        keyQueryValue(3, 5),
                        keyQueryValue(4, 4),
                        keyQueryValue(2, 1)),
                of(
                        "TransformerEncoderBlock",
                        () -> new TransformerEncoderBlock(8, 2, 16, 0.1f, Activation::gelu),
                        shape(3, 8),
                        shape(1, 8),
                        shape(5, 8)));
    }

    private static Block wordEmbedding() {
        return TrainableWordEmbedding.builder()
                .setEmbeddingSize(3)
                .setVocabulary(DefaultVocabulary.builder()
                        .add(List.of("one", "two", "three"))
                        .build())
                .optNumEmbeddings(3)
                .build();
    }

    /** Lambdas of operations that DJL's own Blocks do not use. */
    static Stream<Case> operations() {
        return Stream.of(
                any(
                        "arithmetic",
                        () -> lambda(x -> x.abs()
                                .add(1)
                                .log()
                                .pow(2)
                                .sub(x.square().mod(3))
                                .div(x.exp().add(2)))),
                any(
                        "integers",
                        () -> lambda(x -> x.mul(5)
                                .round()
                                .toType(DataType.INT64, false)
                                .mod(3)
                                .add(1)
                                .div(2))),
                any(
                        "comparisons",
                        () -> lambda(x -> x.gt(0.5)
                                .logicalOr(x.lte(-0.5))
                                .logicalAnd(x.neq(0).logicalXor(x.gte(100)))
                                .toType(DataType.FLOAT32, false))),
                any(
                        "where",
                        () -> lambda(
                                x -> NDArrays.where(x.lt(0), x.floor(), x.ceil().add(x.sign())))),
                any(
                        "trigonometry",
                        () -> lambda(x ->
                                x.sin().add(x.cos()).mul(x.atan()).sub(x.sinh().mul(x.erf())))),
                any(
                        "roots",
                        () -> lambda(
                                x -> x.cbrt().add(x.abs().sqrt()).add(x.trunc()).add(x.toRadians()))),
                any("clip", () -> lambda(x -> x.clip(-0.5, 1).add(x.maximum(0.2).minimum(0.7)))),
                any(
                        "from the right",
                        () -> lambda(x -> x.getNDArrayInternal()
                                .rsub(2)
                                .add(x.abs().add(1).getNDArrayInternal().rdiv(3))
                                .add(x.getNDArrayInternal().rpow(2)))),
                any(
                        "logarithms",
                        () -> lambda(
                                x -> x.abs().add(1).log2().add(x.abs().add(1).log10()))),
                any(
                        "in place",
                        () -> lambda(x -> x.add(1).muli(2).subi(x).divi(3).negi())),
                any(
                        "reductions",
                        () -> lambda(x -> NDArrays.concat(
                                new NDList(
                                        x.sum(new int[] {1}, true),
                                        x.mean(new int[] {1}, true),
                                        x.max(new int[] {1}, true),
                                        x.min(new int[] {1}, true),
                                        x.prod(new int[] {1}, true),
                                        x.norm(new int[] {1}, true)),
                                1))),
                any(
                        "whole",
                        () -> lambda(x -> x.add(x.sum(new int[] {-1}, true)).mul(x.onesLike()))),
                any("normalize", () -> lambda(x -> x.normalize(2, 1))),
                any("order", () -> lambda(x -> x.sort(1).add(x.cumSum(1)).add(x.argSort(1, false)))),
                any(
                        "topK",
                        () -> lambda(x -> x.topK(2, 1).get(0).add(x.argMax(1).expandDims(1)))),
                any(
                        "slices",
                        () -> lambda(x -> x.get(":, 1:")
                                .add(x.get(":, :-1"))
                                .sum(new int[] {1}, true)
                                .add(x.get("..., :1")))),
                line(
                        "positions",
                        () -> lambda(x -> x.get(":, -1").add(x.get(":, 0, :")).stack(x.get(":,1"), 1))),
                line(
                        "padding",
                        () -> lambda(x ->
                                x.pad(new Shape(1, 2, 0, 1), 0.5).flip(1, 2).repeat(1, 2))),
                line(
                        "tile",
                        () -> lambda(
                                x -> x.tile(new long[] {1, 2, 3}).split(2, 1).get(1))),
                line(
                        "gather",
                        () -> lambda(x -> x.gather(x.argSort(2, true), 2)
                                .add(x.transpose(0, 2, 1)
                                        .sum(new int[] {1}, true)
                                        .transpose(0, 2, 1)))),
                line(
                        "constants",
                        () -> lambda(x -> x.mul(x.getManager().arange((int) x.size(2)))
                                .add(x.zerosLike())
                                .sub(x.onesLike())
                                .add(x.getManager().full(x.getShape(), 0.5f)))),
                line("broadcast", () -> lambda(x -> x.sum(new int[] {1}, true).broadcast(x.getShape()))),
                line("oneHot", () -> lambda(x -> x.argMax(2).oneHot(20))),
                line(
                        "LinearCollection",
                        () -> LinearCollection.builder().setUnits(3).build()),
                image(
                        "resize",
                        () -> lambda(x -> x.getNDArrayInternal().interpolation(new long[] {14, 11}, 0, false))));
    }

    private static Block lambda(Function<NDArray, NDArray> function) {
        return LambdaBlock.singleton(function);
    }

    private static Block attention() {
        return ScaledDotProductAttentionBlock.builder()
                .setEmbeddingSize(8)
                .setHeadCount(2)
                .build();
    }

    static Stream<Case> cases() {
        return Stream.of(
                        convolutions(),
                        pools(),
                        functions(),
                        norms(),
                        containers(),
                        recurrent(),
                        transformers(),
                        operations())
                .flatMap(cases -> cases);
    }

    @TestFactory
    Stream<DynamicTest> everyBlockComputesWhatDjlComputes() {
        return cases().map(one -> DynamicTest.dynamicTest(one.name(), () -> {
            for (ModelInput[] inputs : one.inputs()) {
                agrees(one.block().get(), inputs);
            }
        }));
    }

    /** Following a Block leaves nothing with the managers of its parameters. */
    @Test
    void anExportLeavesNoArraysBehind() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<ModelInput> inputs = List.of(floats(3, 8));
            Block block = Exported.initialised(
                    new SequentialBlock()
                            .add(attention())
                            .add(LSTM.builder().setStateSize(3).setNumLayers(2).build())
                            .add(LambdaBlock.singleton(x -> x.transpose().reshape(-1, 3))),
                    manager,
                    Exported.shapes(inputs, 1));
            int before = manager.getManagedArrays().size();
            OnnxExporter.export(block, inputs, ExportOptions.of(Exported.paths(block)));
            assertEquals(before, manager.getManagedArrays().size());
        }
    }

    /**
     * The position embedding of a BertBlock fixes the length of its sequences. For a batch of one DJL's forward drops the batch
     * axis of the second output, so that one is not compared.
     */
    @Test
    void bertOfThreeLengths() {
        for (int length : new int[] {3, 4, 6}) {
            BertBlock block = BertBlock.builder()
                    .setTokenDictionarySize(9)
                    .optTypeDictionarySize(2)
                    .optEmbeddingSize(8)
                    .optAttentionHeadCount(2)
                    .optHiddenSize(16)
                    .optTransformerBlockCount(2)
                    .optMaxSequenceLength(length)
                    .build();
            List<ModelInput> inputs = List.of(bert(length));
            try (NDManager manager = NDManager.newBaseManager()) {
                Exported.initialised(block, manager, Exported.shapes(inputs, 2));
                byte[] model = OnnxExporter.export(block, inputs, ExportOptions.of(Exported.paths(block)));
                Exported.assertSameOutputs(block, model, inputs, 2, Exported.TOLERANCE);
                Exported.assertSameOutputs(block, model, inputs, 5, Exported.TOLERANCE);
            }
        }
    }
}
