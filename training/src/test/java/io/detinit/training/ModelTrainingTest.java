package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.detinit.generator.InitPlan;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.models.ModelSpec;
import io.detinit.models.Roles;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every reference model, and one of a user's own, trains on the embedded digits, and its plan file alone gives back its beginning. */
class ModelTrainingTest {

    private static ImageData digits;
    private static Samples samples;

    @BeforeAll
    static void draw() {
        digits = ProceduralDigits.generate();
        samples = first(digits.trainSamples(Normalization.MEANSTD), 128);
    }

    private static Samples first(Samples all, int count) {
        return new Samples(
                Arrays.copyOf(all.features(), count * all.width()), Arrays.copyOf(all.labels(), count), all.classes());
    }

    private static TrainConfig config(ModelSpec spec, int epochs, double learningRate) {
        return TrainConfig.builder(spec, 5)
                .epochs(epochs)
                .batch(32)
                .optimizer(OptimizerConfig.of(OptimizerKind.ADAM).withLearningRate(learningRate))
                .device(DeviceChoice.CPU)
                .build();
    }

    /** Means of 2 x 2 pixels, to keep the convolutions short. */
    private static Samples halved(Samples all) {
        float[] features = new float[all.count() * 14 * 14];
        for (int k = 0; k < features.length; k++) {
            int image = k / (14 * 14);
            int corner = image * 784 + k / 14 % 14 * 56 + k % 14 * 2;
            float[] f = all.features();
            features[k] = (f[corner] + f[corner + 1] + f[corner + 28] + f[corner + 29]) / 4;
        }
        return new Samples(features, all.labels(), all.classes());
    }

    /** The loss on samples that are seen again falls well below ln 10 = 2.30, that of ten equal chances. */
    @ParameterizedTest
    @CsvSource({
        "mlp:784-300-100-10, 28, 24, 1e-3, 0.9",
        "lenet5, 28, 32, 1e-3, 1.5",
        "conv2, 14, 16, 1e-3, 1.5",
        "conv4, 14, 16, 5e-4, 1.5",
        "conv6, 14, 24, 3e-4, 1.8",
        "resnet20, 14, 16, 2e-3, 1.8",
        "gru:28-64-10, 28, 48, 4e-3, 1.8",
        "lstm:28-64-10, 28, 48, 4e-3, 1.8",
        "transformer:28x28-32-4-1-10, 28, 40, 3e-3, 1.8"
    })
    void theLossFalls(String text, int side, int steps, double learningRate, double below) {
        Samples seen = side == 28 ? samples : halved(samples);
        ModelSpec spec = ModelSpec.parse(text, new long[] {1, side, side}, digits.classes());
        try (TrainingRun run = TrainingRun.begin(config(spec, steps / 4, learningRate), seen, List.of())) {
            assertEquals(steps, run.allSteps());
            while (!run.isDone()) {
                run.step();
            }
            assertTrue(run.trainLoss() < below, text + ": " + run.trainLoss());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mlp:784-20-10",
        "lenet5",
        "conv2",
        "resnet20",
        "gru:28-16-8-10",
        "lstm:28-16-10",
        "transformer:28x28-16-2-1-10"
    })
    void thePlanFileAloneGivesEveryParameter(String text) throws Exception {
        ModelSpec spec = ModelSpec.parse(text, digits.sampleShape(), digits.classes());
        try (TrainingRun run = TrainingRun.begin(config(spec, 1, 1e-3), samples, List.of())) {
            String json = PlanJson.write(run.plan());
            Plan.Addressed read = (Plan.Addressed) PlanJson.read(json, "plan");
            InitPlan plan = read.plan();
            assertEquals(run.parameters().size(), plan.tensors().size());
            run.parameters()
                    .forEach((name, parameter) -> assertArrayEquals(
                            plan.init(name, TensorShape.of(parameter.getShape().getShape()))
                                    .toArray(),
                            parameter.getArray().toFloatArray(),
                            name));
        }
    }

    @Test
    void aBlockOfOnesOwnTrainsLikeTheNamedOnes() throws Exception {
        ModelSpec spec = ModelSpec.of("selu-net", ModelTrainingTest::own, new Shape(28, 28), 10, Roles.rules(own()));
        TrainConfig config = config(spec, 2, 2e-3);
        assertEquals(
                Scheme.LECUN, config.rules().find("fc1.weight").orElseThrow(), "a model's own rules are its default");
        try (TrainedModel trained = TrainingLoop.train(config, samples, samples, new TrainingListener() {})) {
            List<EpochResult> history = trained.history();
            assertTrue(history.get(1).trainLoss() < history.get(0).trainLoss(), history.toString());
            JsonNode card = new JsonMapper()
                    .readTree(RunCard.of(trained, digits, Normalization.MEANSTD).toJson());
            assertEquals("selu-net", card.path("model").asText());
            assertEquals(
                    "he, fc1.weight=lecun, fc2.weight=xavier",
                    card.path("scheme").asText());
            float[] logits = trained.logits(Arrays.copyOf(samples.features(), 3 * 784), 3);
            assertEquals(30, logits.length);
        }
    }

    private static Block own() {
        return new SequentialBlock()
                .add(LayerNorm.builder().build())
                .add(ai.djl.nn.Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(40).build())
                .add(Activation.seluBlock())
                .add(Linear.builder().setUnits(10).build());
    }
}
