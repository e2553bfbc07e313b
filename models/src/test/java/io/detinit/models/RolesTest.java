package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RolesTest {

    private static Linear linear() {
        return Linear.builder().setUnits(4).build();
    }

    /** The roles of the weights, in order. */
    private static List<Role> weights(Block block) {
        return Roles.of(block).values().stream()
                .filter(role -> role != Role.BIAS && role != Role.NORM)
                .toList();
    }

    private static Map<String, Role> interesting(String model) {
        return Roles.of(ModelSpec.parse(model).newBlock()).entrySet().stream()
                .filter(entry -> entry.getValue() != Role.BIAS && entry.getValue() != Role.NORM)
                .filter(entry -> entry.getValue() != Role.BEFORE_RELU)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Test
    void convolutionalNetsHaveHeAndAnOutputLayer() {
        for (String model : List.of("lenet5", "conv2", "conv4", "conv6")) {
            assertEquals(Map.of("fc3.weight", Role.OUTPUT), interesting(model), model);
        }
        assertEquals(Map.of("fc1.weight", Role.OUTPUT), interesting("resnet20"));
        assertEquals(
                22, // 19 convolutions of 3 x 3, 2 projections, the output layer
                weights(ModelSpec.parse("resnet20").newBlock()).size());
        assertEquals(Map.of("fc3.weight", Role.OUTPUT), interesting("mlp:784-300-100-10"));
    }

    @Test
    void recurrentLayers() {
        assertEquals(
                Map.of(
                        "gru1.weight_ih_l0", Role.INPUT_TO_HIDDEN,
                        "gru1.weight_hh_l0", Role.RECURRENT,
                        "gru2.weight_ih_l0", Role.INPUT_TO_HIDDEN,
                        "gru2.weight_hh_l0", Role.RECURRENT,
                        "fc1.weight", Role.OUTPUT),
                interesting("gru:28-16-8-10"));
        assertEquals(
                "he, lstm1.weight_ih_l0=lecun, lstm1.weight_hh_l0=orthogonal_blocks:lecun, fc1.weight=xavier",
                ModelSpec.parse("lstm:28-16-10").rules().toString());
        LSTM both = LSTM.builder()
                .setStateSize(3)
                .setNumLayers(2)
                .optBidirectional(true)
                .build();
        assertEquals(
                List.of("weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse"),
                List.copyOf(ParameterNames.of(both).keySet()).subList(0, 4));
        assertEquals(Role.BIAS, Roles.of(both).get("bias_hh_l1_reverse"));
        assertEquals(Role.RECURRENT, Roles.of(both).get("weight_hh_l1_reverse"));
    }

    @Test
    void attention() {
        Map<String, Role> found = interesting("transformer:28x28-64-4-2-10");
        String layer = "parallel1.sequential1.attention1.";
        for (String projection : List.of("key", "query", "value")) {
            assertEquals(Role.ATTENTION_QKV, found.get(layer + projection + ".weight"));
        }
        assertEquals(Role.LINEAR, found.get(layer + "result.weight"));
        assertEquals(Role.LINEAR, found.get("fc1.weight"));
        assertEquals(Role.LINEAR, found.get("parallel2.sequential1.fc2.weight"));
        assertEquals(Role.OUTPUT, found.get("fc2.weight"));
        Block block = ModelSpec.parse("transformer:28x28-64-4-2-10").newBlock();
        assertEquals(Role.BEFORE_RELU, Roles.of(block).get("parallel2.sequential1.fc1.weight"));
        assertEquals(
                Scheme.custom(0.125), // 1 / sqrt(64)
                Roles.rules(block).find(layer + "query.weight").orElseThrow());
        assertEquals(
                Scheme.custom(1 / Math.sqrt(48)),
                ModelSpec.parse("transformer:28x28-48-4-2-10")
                        .rules()
                        .find(layer + "value.weight")
                        .orElseThrow());
    }

    /** What follows a layer decides, through everything that changes no role. */
    @Test
    void anyBlock() {
        SequentialBlock block = new SequentialBlock()
                .add(linear())
                .add(BatchNorm.builder().build())
                .add(Dropout.builder().optRate(0.1f).build())
                .add(Activation.geluBlock())
                .add(linear())
                .add(Activation.seluBlock())
                .add(linear())
                .add(Activation.tanhBlock())
                .add(linear())
                .add(linear())
                .add(Activation.preluBlock())
                .add(linear())
                .add(new LambdaBlock(x -> x, "softmax"));
        assertEquals(
                List.of(
                        Role.BEFORE_RELU,
                        Role.BEFORE_SELU,
                        Role.BEFORE_SIGMOID,
                        Role.LINEAR,
                        Role.BEFORE_RELU,
                        Role.SLOPE,
                        Role.OUTPUT),
                weights(block));
        assertEquals(
                "he, fc2.weight=lecun, fc3.weight=xavier, fc4.weight=xavier, fc6.weight=xavier",
                Roles.rules(block).toString());
        assertEquals(
                "xavier, fc1.weight=he, fc2.weight=lecun, fc5.weight=he",
                Roles.rules(block, InitRules.of(Scheme.XAVIER)).toString());
        Block pooled = new SequentialBlock()
                .add(linear())
                .add(Pool.globalMaxPool1dBlock())
                .add(Activation.reluBlock());
        assertEquals(List.of(Role.BEFORE_RELU), weights(pooled));
    }

    /** Lambdas without a name are told by their values. */
    @Test
    void namelessActivations() {
        List<java.util.function.Function<ai.djl.ndarray.NDList, ai.djl.ndarray.NDList>> functions = List.of(
                Activation::relu,
                Activation::gelu,
                x -> Activation.leakyRelu(x, 0.01f),
                x -> Activation.elu(x, 1),
                Activation::mish,
                Activation::softPlus,
                Activation::selu,
                Activation::tanh,
                Activation::sigmoid,
                x -> x,
                x -> new ai.djl.ndarray.NDList(x.singletonOrThrow().reshape(3, 7)));
        List<Role> expected = List.of(
                Role.BEFORE_RELU,
                Role.BEFORE_RELU,
                Role.BEFORE_RELU,
                Role.BEFORE_RELU,
                Role.BEFORE_RELU,
                Role.BEFORE_RELU,
                Role.BEFORE_SELU,
                Role.BEFORE_SIGMOID,
                Role.BEFORE_SIGMOID,
                Role.OUTPUT,
                Role.OUTPUT);
        for (int k = 0; k < functions.size(); k++) {
            Block block = new SequentialBlock().add(linear()).add(functions.get(k));
            assertEquals(List.of(expected.get(k)), weights(block), "function " + k);
        }
    }

    /** Pre-activation residual blocks: the sum meets ReLU on one of its ways. */
    @Test
    void sumsPassOn() {
        Block unit = Residual.around(new SequentialBlock()
                .add(Activation.reluBlock())
                .add(linear())
                .add(Activation.reluBlock())
                .add(linear()));
        Block block = new SequentialBlock().add(linear()).add(unit).add(linear());
        assertEquals(
                Map.of(
                        "fc1.weight", Role.BEFORE_RELU,
                        "parallel1.sequential1.fc1.weight", Role.BEFORE_RELU,
                        "parallel1.sequential1.fc2.weight", Role.LINEAR,
                        "fc2.weight", Role.OUTPUT),
                Roles.of(block).entrySet().stream()
                        .filter(entry -> entry.getValue() != Role.BIAS)
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    /** DJL's own encoder layer and embedding, seeded by role; every parameter holds the plan's bits. */
    @Test
    void djlBlocksAreSeededByRole() {
        Block block = new SequentialBlock()
                .add(new TrainableWordEmbedding(new DefaultVocabulary(List.of("a", "b", "c")), 16))
                .add(new TransformerEncoderBlock(16, 2, 32, 0.1f, Activation::gelu))
                .add(linear());
        Map<String, Role> roles = Roles.of(block);
        assertEquals(Role.EMBEDDING, roles.get("embedding1.embedding"), roles.toString());
        assertEquals(Role.ATTENTION_QKV, roles.get("transformerencoder1.attention1.key.weight"), roles.toString());
        assertEquals(Role.BEFORE_RELU, roles.get("transformerencoder1.pointwisefeedforward1.fc1.weight"));
        assertEquals(Role.LINEAR, roles.get("transformerencoder1.pointwisefeedforward1.fc2.weight"));
        assertEquals(Role.NORM, roles.get("transformerencoder1.bn2.gamma"));
        InitRules rules = Roles.rules(block);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            InitPlan plan = Seeding.seed(block, 9, rules, manager, DataType.FLOAT32, new Shape(2, 5));
            for (Map.Entry<String, Parameter> entry : ParameterNames.of(block).entrySet()) {
                Parameter parameter = entry.getValue();
                assertArrayEquals(
                        plan.init(
                                        entry.getKey(),
                                        TensorShape.of(parameter.getShape().getShape()))
                                .toArray(),
                        parameter.getArray().toFloatArray(),
                        entry.getKey());
            }
            assertEquals(
                    Scheme.custom(0.25),
                    plan.find("transformerencoder1.attention1.query.weight")
                            .orElseThrow()
                            .scheme());
        }
    }

    /** A layer used twice has the role of its first use. */
    @Test
    void sharedLayers() {
        Linear shared = linear();
        Block block =
                new SequentialBlock().add(shared).add(Activation.reluBlock()).add(shared);
        assertEquals(List.of(Role.BEFORE_RELU), weights(block));
    }
}
