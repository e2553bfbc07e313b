package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.nn.Parameter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.models.ModelSpec;
import io.detinit.training.data.EpochOrder;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Twenty steps here and in PyTorch, from the same weights and with the same batches. Run by {@code mvn -Poracle}, with the
 * environment variable DETINIT_ORACLE_PYTHON naming a Python that has PyTorch (2.15 when this was written).
 */
@Tag("oracle")
class TorchOracleTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BATCH = 16;
    private static final int SAMPLES = 160;
    private static final int EPOCHS = 2;

    @TempDir
    Path folder;

    private static TrainConfig config(
            String kind, double rate, double momentum, boolean nesterov, double decay, double clip, double smoothing) {
        OptimizerConfig optimizer = OptimizerConfig.of(OptimizerKind.parse(kind))
                .withLearningRate(rate)
                .withMomentum(momentum, nesterov)
                .withWeightDecay(decay);
        return TrainConfig.builder(ModelSpec.parse("mlp:20-16-12-4"), 5)
                .epochs(EPOCHS)
                .batch(BATCH)
                .optimizer(optimizer)
                .schedule(LearningRateSchedule.parse("cosine", 3))
                .clipNorm(clip == 0 ? Double.POSITIVE_INFINITY : clip)
                .labelSmoothing(smoothing)
                .device(DeviceChoice.CPU)
                .build();
    }

    private static float[] weights(TrainingRun run) {
        int size = 0;
        for (Parameter parameter : run.parameters().values()) {
            size += Math.toIntExact(parameter.getArray().size());
        }
        float[] all = new float[size];
        int at = 0;
        for (Parameter parameter : run.parameters().values()) {
            float[] values = parameter.getArray().toFloatArray();
            System.arraycopy(values, 0, all, at, values.length);
            at += values.length;
        }
        return all;
    }

    private void floats(String name, float[] values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Files.write(folder.resolve(name), bytes.array());
    }

    /** The batches of all steps, one after the other. */
    private void batches(TrainConfig config, Samples train) throws IOException {
        float[] x = new float[EPOCHS * SAMPLES * train.width()];
        ByteBuffer y = ByteBuffer.allocate(4 * EPOCHS * SAMPLES).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0;
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            for (int sample : EpochOrder.permutation(config.seed(), epoch, SAMPLES)) {
                System.arraycopy(train.features(), sample * train.width(), x, at * train.width(), train.width());
                y.putInt(train.labels()[sample]);
                at++;
            }
        }
        floats("x.f32", x);
        Files.write(folder.resolve("y.i32"), y.array());
    }

    private void python() throws IOException, InterruptedException {
        String python = System.getenv("DETINIT_ORACLE_PYTHON");
        assumeTrue(python != null && !python.isEmpty(), "DETINIT_ORACLE_PYTHON is not set");
        Process process = new ProcessBuilder(python, "src/test/python/torch_training.py", folder.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    private void run(TrainConfig config, TrainingRun run, Samples train) throws IOException {
        ObjectNode json = TrainingSettings.of(config);
        json.put("clipNorm", config.clipNorm() < Double.POSITIVE_INFINITY ? config.clipNorm() : 0);
        var widths = json.putArray("widths");
        for (String width : config.model().text().substring("mlp:".length()).split("-", -1)) {
            widths.add(Integer.parseInt(width));
        }
        var rates = json.putArray("rates");
        for (long step = 1; step <= run.allSteps(); step++) {
            rates.add(config.optimizer().learningRate()
                    * config.schedule().factorOf(step, run.stepsInEpoch(), run.allSteps()));
        }
        Files.writeString(folder.resolve("run.json"), json.toString());
        floats("weights.f32", weights(run));
        batches(config, train);
    }

    /** The bound is relative to the distance that the weights went; float32 has 6e-8, and twenty steps add up. */
    @ParameterizedTest
    @CsvSource({
        "sgd, 0.1, 0, false, 0, 0, 0",
        "sgd, 0.1, 0, false, 0.01, 0, 0.1",
        "sgd, 0.05, 0.9, false, 0.01, 0, 0",
        "sgd, 0.05, 0.9, true, 0.01, 0, 0",
        "sgd, 0.1, 0.9, true, 0, 0.2, 0",
        "adam, 0.01, 0, false, 0, 0, 0",
        "adam, 0.01, 0, false, 0.05, 0.5, 0.1",
        "adamw, 0.01, 0, false, 0.05, 0, 0",
        "adamw, 0.01, 0, false, 0.1, 0.5, 0.2"
    })
    void twentyStepsAreThoseOfPyTorch(
            String kind, double rate, double momentum, boolean nesterov, double decay, double clip, double smoothing)
            throws IOException, InterruptedException {
        TrainConfig config = config(kind, rate, momentum, nesterov, decay, clip, smoothing);
        Samples train = SmallTraining.samples(SAMPLES, 1);
        float[] initial;
        float[] here;
        try (TrainingRun run = TrainingRun.begin(config, train, List.of())) {
            run(config, run, train);
            initial = weights(run);
            python();
            while (!run.isDone()) {
                run.step();
            }
            assertEquals(20, run.steps());
            here = weights(run);
        }
        ByteBuffer there = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("trained.f32")))
                .order(ByteOrder.LITTLE_ENDIAN);
        double difference = 0;
        double way = 0;
        for (int k = 0; k < here.length; k++) {
            double torch = there.getFloat();
            difference += (here[k] - torch) * (here[k] - torch);
            way += (torch - initial[k]) * (torch - initial[k]);
        }
        double relative = Math.sqrt(difference / way);
        assertTrue(way > 0.01, "the weights went " + Math.sqrt(way));
        assertTrue(relative < 2e-6, "relative difference " + relative);
    }

    @Test
    void schedulesAreThoseOfPyTorch() throws IOException, InterruptedException {
        TrainConfig config = config("sgd", 0.1, 0, false, 0, 0, 0);
        Samples train = SmallTraining.samples(SAMPLES, 1);
        try (TrainingRun run = TrainingRun.begin(config, train, List.of())) {
            run(config, run, train);
        }
        python();
        JsonNode torch = JSON.readTree(folder.resolve("rates.json").toFile());
        assertRates(torch.path("cosine"), LearningRateSchedule.parse("cosine", 0));
        assertRates(torch.path("step:2:0.1"), LearningRateSchedule.parse("step:2:0.1", 0));
        assertRates(torch.path("cosine after 8"), LearningRateSchedule.parse("cosine", 8));
    }

    private static void assertRates(JsonNode torch, LearningRateSchedule schedule) {
        assertEquals(40, torch.size());
        for (int step = 1; step <= 40; step++) {
            assertEquals(
                    torch.path(step - 1).asDouble(),
                    schedule.factorOf(step, 10, 40),
                    1e-12,
                    schedule + " in step " + step);
        }
    }
}
