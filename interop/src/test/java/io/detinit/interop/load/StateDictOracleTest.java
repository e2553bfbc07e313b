package io.detinit.interop.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
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
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.initializer.Initializer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.export.OnnxExporter;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.models.ModelSpec;
import io.detinit.models.ParameterNames;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nets that real PyTorch saved, with random weights and running statistics, make in DJL of PyTorch's input PyTorch's output. Run by
 * {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch (2.15.0 and Debian's
 * 1.13.0 when this was written).
 *
 * <p>DJL 0.36 cannot run three of them, and {@code docs/export.md} says so: its engine takes the biases of a bidirectional recurrent
 * block for weights (two blocks of one direction do it, or the exported model), and it has neither transposed convolutions nor PReLU
 * (exported they run; of as many filters as channels, and with one slope for all channels).
 */
@Tag("oracle")
class StateDictOracleTest {

    private static final double TOLERANCE = 1e-4;

    @TempDir
    static Path folder;

    private NDManager manager;

    @BeforeAll
    static void nets() throws IOException, InterruptedException {
        OraclePython.run(Path.of("src/test/python/torch_nets.py"), folder);
    }

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private NDArray array(String net, String which) throws IOException {
        try (Checkpoint arrays = Checkpoints.open(folder.resolve(net + ".npz"))) {
            for (TensorView tensor : arrays.tensors()) {
                if (tensor.info().name().equals(which)) {
                    return manager.create(
                            StateDict.floats(tensor),
                            new Shape(tensor.info().shape().dims()));
                }
            }
        }
        throw new AssertionError(net + ".npz has no " + which);
    }

    private static List<Path> files(String net) {
        return List.of(folder.resolve(net + ".pt"), folder.resolve(net + ".safetensors")).stream()
                .filter(Files::exists)
                .toList();
    }

    private void equal(String net, float[] found) throws IOException {
        float[] expected = array(net, "y").toFloatArray();
        assertEquals(expected.length, found.length, net);
        double scale = 0;
        double difference = 0;
        for (int k = 0; k < found.length; k++) {
            scale = Math.max(scale, Math.abs(expected[k]));
            difference = Math.max(difference, Math.abs(found[k] - expected[k]));
        }
        assertTrue(scale > 0.01, net + ": scale " + scale);
        assertTrue(difference <= TOLERANCE * scale, net + ": differs by " + difference + " of " + scale);
    }

    private void check(String net, Block block, Map<String, String> names) throws IOException {
        NDArray x = array(net, "x");
        NDArray input = net.equals("embedding") ? x.toType(DataType.INT64, true) : x;
        for (Path file : files(net)) {
            LoadedBlocks.initialised(block, manager, input.getShape());
            try (StateDict weights = StateDict.open(file)) {
                LoadReport report = weights.withNames(names).into(ParameterNames.of(block));
                assertTrue(report.complete(), report.text());
            }
            equal(net, LoadedBlocks.forward(block, manager, input));
        }
    }

    private void check(String net, Block block) throws IOException {
        check(net, block, Map.of());
    }

    private static RecurrentBlock recurrent(String kind, int layers, boolean two, boolean biases) {
        RecurrentBlock.BaseBuilder<?> builder = switch (kind) {
            case "lstm" -> LSTM.builder();
            case "gru" -> GRU.builder();
            default -> RNN.builder().setActivation(RNN.Activation.TANH);
        };
        builder.setStateSize(4).setNumLayers(layers).optBidirectional(two).optHasBiases(biases);
        if (builder instanceof LSTM.Builder lstm) {
            return lstm.build();
        }
        return builder instanceof GRU.Builder gru ? gru.build() : ((RNN.Builder) builder).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "rnn"})
    void recurrentLayersOfOneDirection(String kind) throws IOException {
        check(kind, recurrent(kind, 2, false, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "rnn"})
    void recurrentLayersOfTwoDirections(String kind) throws IOException {
        check(kind + "-bidirectional-unbiased", recurrent(kind, 2, true, false));
    }

    /** DJL's blocks give the engine weights and biases in another order than it reads them: exported they run, in DJL as two. */
    @ParameterizedTest
    @ValueSource(strings = {"lstm", "gru", "rnn"})
    void twoDirectionsWithBiasesAreTwoBlocksInDjl(String kind) throws IOException, OrtException {
        String net = kind + "-bidirectional";
        Block whole = recurrent(kind, 2, true, true);
        NDArray x = array(net, "x");
        LoadedBlocks.initialised(whole, manager, x.getShape());
        Map<String, Parameter> parameters = ParameterNames.of(whole);
        try (StateDict weights = StateDict.open(folder.resolve(net + ".pt"))) {
            assertEquals(16, weights.into(parameters).loaded().size());
        }
        assertThrows(EngineException.class, () -> LoadedBlocks.forward(whole, manager, x));
        equal(net, exported(whole, x));

        SequentialBlock split = new SequentialBlock();
        Map<String, String> names = new LinkedHashMap<>();
        for (int layer = 0; layer < 2; layer++) {
            split.add(directions(kind));
            String prefix = "parallel" + (layer + 1) + ".";
            for (String own : List.of("weight_ih", "weight_hh", "bias_ih", "bias_hh")) {
                names.put("rnn." + own + "_l" + layer, prefix + "sequential1." + kind + "1." + own + "_l0");
                names.put(
                        "rnn." + own + "_l" + layer + "_reverse", prefix + "sequential2." + kind + "1." + own + "_l0");
            }
        }
        check(net, split, names);
    }

    /** DJL's recurrent blocks add their states to the list that they are given, which two branches share: each gets its own. */
    private static Block directions(String kind) {
        Block forward =
                new SequentialBlock().add(LambdaBlock.singleton(x -> x, "same")).add(recurrent(kind, 1, false, true));
        Block backward = new SequentialBlock()
                .add(LambdaBlock.singleton(x -> x.flip(1), "backward"))
                .add(recurrent(kind, 1, false, true))
                .add(LambdaBlock.singleton(x -> x.flip(1), "forward"));
        return new ParallelBlock(
                outputs -> new NDList(NDArrays.concat(
                        new NDList(outputs.get(0).head(), outputs.get(1).head()), 2)),
                List.of(forward, backward));
    }

    /** Of a block that DJL's PyTorch engine cannot run. */
    private void checkExported(String net, Block block) throws IOException, OrtException {
        NDArray x = array(net, "x");
        for (Path file : files(net)) {
            LoadedBlocks.initialised(block, manager, x.getShape());
            try (StateDict weights = StateDict.open(file)) {
                LoadReport report = weights.into(ParameterNames.of(block));
                assertTrue(report.complete(), report.text());
            }
            assertThrows(UnsupportedOperationException.class, () -> LoadedBlocks.forward(block, manager, x));
            equal(net, exported(block, x));
        }
    }

    /** What ONNX Runtime makes of the exported block. */
    private static float[] exported(Block block, NDArray x) throws OrtException {
        byte[] model = OnnxExporter.export(
                block, x.getShape().slice(1), ParameterNames.namer(ParameterNames.of(block)), Map.of());
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model);
                OnnxTensor input = OnnxTensor.createTensor(
                        environment,
                        FloatBuffer.wrap(x.toFloatArray()),
                        x.getShape().getShape());
                OrtSession.Result result = session.run(Map.of("input", input))) {
            FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[output.remaining()];
            output.get(values);
            return values;
        }
    }

    @Test
    void embeddings() throws IOException {
        List<String> words = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k");
        check(
                "embedding",
                TrainableWordEmbedding.builder()
                        .setEmbeddingSize(7)
                        .setVocabulary(DefaultVocabulary.builder().add(words).build())
                        .optNumEmbeddings(words.size())
                        .build());
    }

    @Test
    void linearLayersAndNorms() throws IOException {
        check(
                "linear-norm",
                new SequentialBlock()
                        .add(LoadedBlocks.linear(9))
                        .add(BatchNorm.builder().build())
                        .add(Activation.reluBlock())
                        .add(LoadedBlocks.linear(9))
                        .add(BatchNorm.builder().build()));
        check(
                "layer-norm",
                new SequentialBlock()
                        .add(LoadedBlocks.linear(8))
                        .add(LayerNorm.builder().axis(2).build())
                        .add(Activation.geluBlock())
                        .add(LoadedBlocks.linear(8))
                        .add(LayerNorm.builder().axis(2).build()));
    }

    @Test
    void convolutions() throws IOException {
        check(
                "conv2d-norm",
                new SequentialBlock()
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 3))
                                .optPadding(new Shape(1, 1))
                                .setFilters(8)
                                .build())
                        .add(BatchNorm.builder().build())
                        .add(Activation.reluBlock())
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 1))
                                .optStride(new Shape(2, 2))
                                .optGroups(4)
                                .optBias(false)
                                .setFilters(8)
                                .build())
                        .add(BatchNorm.builder().build()));
        check(
                "conv1d",
                new SequentialBlock()
                        .add(Conv1d.builder()
                                .setKernelShape(new Shape(4))
                                .optStride(new Shape(2))
                                .optPadding(new Shape(1))
                                .setFilters(6)
                                .build())
                        .add(Activation.tanhBlock())
                        .add(Conv1d.builder()
                                .setKernelShape(new Shape(3))
                                .optDilation(new Shape(2))
                                .setFilters(4)
                                .build()));
    }

    private static Conv2dTranspose transposed(int filters, Shape kernel, Shape stride, Shape padding) {
        return Conv2dTranspose.builder()
                .setKernelShape(kernel)
                .optStride(stride)
                .optPadding(padding)
                .setFilters(filters)
                .build();
    }

    /** DJL's engine has none; DJL's weight is [filters, inputs, ..] where PyTorch's and ONNX's is [inputs, filters, ..]. */
    @Test
    void transposedConvolutionsRunExported() throws IOException, OrtException {
        checkExported(
                "conv-transpose",
                new SequentialBlock()
                        .add(transposed(4, new Shape(3, 2), new Shape(2, 2), new Shape(1, 1)))
                        .add(Activation.reluBlock())
                        .add(transposed(4, new Shape(2, 2), new Shape(1, 1), new Shape(0, 0))));
        Block other = LoadedBlocks.initialised(
                transposed(6, new Shape(3, 3), new Shape(1, 1), new Shape(0, 0)), manager, new Shape(1, 4, 5, 4));
        try (StateDict weights = StateDict.open(folder.resolve("conv-transpose-other.pt"))) {
            assertThrows(MalformedFileException.class, () -> weights.into(ParameterNames.of(other)));
        }
    }

    /** DJL's default initializer refuses a scalar. */
    private static Block slope() {
        Block slope = new Prelu();
        slope.setInitializer(Initializer.ZEROS, Parameter.Type.WEIGHT);
        return slope;
    }

    @Test
    void slopesRunExported() throws IOException, OrtException {
        checkExported(
                "prelu",
                new SequentialBlock()
                        .add(LoadedBlocks.linear(5))
                        .add(slope())
                        .add(LoadedBlocks.linear(5))
                        .add(slope()));
        Block one = LoadedBlocks.initialised(
                new SequentialBlock().add(LoadedBlocks.linear(5)).add(slope()), manager, new Shape(1, 6));
        try (StateDict weights = StateDict.open(folder.resolve("prelu-channels.pt"))) {
            LoadReport report = weights.match(ParameterNames.of(one));
            assertEquals("prelu1.alpha", report.missing().get(0).name());
            assertEquals("1.weight", report.unexpected().get(0).name());
        }
    }

    @Test
    void attention() throws IOException {
        check(
                "attention",
                ScaledDotProductAttentionBlock.builder()
                        .setEmbeddingSize(8)
                        .setHeadCount(2)
                        .optAttentionProbsDropoutProb(0)
                        .build());
    }

    @Test
    void encoderWithItsNormsFirst() throws IOException {
        check("encoder", ModelSpec.parse("transformer:5x6-8-2-2-3").newBlock());
    }
}
