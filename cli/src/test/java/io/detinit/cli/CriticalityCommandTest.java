package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.detinit.generator.InitPlan;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriticalityCommandTest {

    @TempDir
    static Path shared;

    private static SmallRun run = new SmallRun(Path.of(""), "");

    @BeforeAll
    static void train() throws IOException {
        run = SmallRun.in(shared);
    }

    private static JsonNode done(Object... line) throws IOException {
        CommandRun outcome = CommandRun.of(line);
        assertEquals(0, outcome.code(), outcome.err());
        return outcome.json();
    }

    /** Weights of the run, some of them part-way, computed here from the plan. */
    private static float[] weights(String name, double part) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(run.file("model.safetensors"))) {
            InitPlan plan = ((Plan.Addressed) Checkpoints.plan(checkpoint).orElseThrow()).plan();
            TensorView tensor = checkpoint.find(name).orElseThrow();
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes())).order(ByteOrder.LITTLE_ENDIAN);
            tensor.readBytes(0, bytes);
            float[] w = new float[bytes.capacity() / 4];
            bytes.flip().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(w);
            float[] w0 = plan.init(name).toArray();
            for (int k = 0; k < w.length; k++) {
                w[k] = part == 1 ? w[k] : (float) (w0[k] + part * ((double) w[k] - w0[k]));
            }
            return w;
        }
    }

    /** The accuracy of the two-layer network, computed here with layer 1 and layer 2 part-way. */
    private static double accuracy(double first, double second) throws IOException {
        Samples samples = DataSpec.load(run.data()).testSamples(Normalization.NONE);
        float[] w1 = weights("fc1.weight", first);
        float[] b1 = weights("fc1.bias", first);
        float[] w2 = weights("fc2.weight", second);
        float[] b2 = weights("fc2.bias", second);
        int hits = 0;
        for (int n = 0; n < samples.count(); n++) {
            double[] h = new double[24];
            for (int i = 0; i < 24; i++) {
                double sum = b1[i];
                for (int j = 0; j < 784; j++) {
                    sum += (double) w1[i * 784 + j] * samples.features()[n * 784 + j];
                }
                h[i] = Math.max(0, sum);
            }
            int best = 0;
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < 10; i++) {
                double sum = b2[i];
                for (int j = 0; j < 24; j++) {
                    sum += w2[i * 24 + j] * h[j];
                }
                if (sum > most) {
                    most = sum;
                    best = i;
                }
            }
            hits += best == samples.labels()[n] ? 1 : 0;
        }
        return (double) hits / samples.count();
    }

    @Test
    void aLayerPutBackScoresAsOneRegeneratedByHand() throws IOException {
        JsonNode json = done(
                "criticality", run.folder(), "--data", run.data(), "--split", "test", "--parts", "0,0.5,1", "--json");
        JsonNode eval = done("eval", run.file("model.onnx"), "--data", run.data(), "--runs", 10, "--json");
        assertEquals(eval.path("accuracy"), json.path("accuracy"));
        assertEquals(SmallRun.TEST, json.path("samples").asInt());
        assertEquals(2, json.path("layers").size());
        JsonNode first = json.path("layers").get(0);
        JsonNode second = json.path("layers").get(1);
        assertEquals("fc1", first.path("name").asText());
        assertEquals(784 * 24 + 24, first.path("elements").asInt());
        assertEquals(2, first.path("parameters").size());
        for (JsonNode layer : json.path("layers")) {
            assertEquals(json.path("accuracy"), layer.path("accuracy").get(2), "all of the way is the trained model");
            assertEquals(json.path("loss"), layer.path("loss").get(2));
        }
        // sums in another order may turn over a close call
        double close = 1.5 / SmallRun.TEST;
        assertEquals(accuracy(0, 1), first.path("accuracy").get(0).asDouble(), close);
        assertEquals(accuracy(0.5, 1), first.path("accuracy").get(1).asDouble(), close);
        assertEquals(accuracy(1, 0), second.path("accuracy").get(0).asDouble(), close);
        assertTrue(
                first.path("accuracy").get(0).asDouble() < json.path("accuracy").asDouble());
    }

    @Test
    void anotherFormatIsScoredThroughItsOnnxModel() throws IOException {
        JsonNode onnx = done("criticality", run.folder(), "--data", run.data(), "--per", "tensor", "--json");
        JsonNode safetensors =
                done("criticality", run.file("model.safetensors"), "--data", run.data(), "--per", "tensor", "--json");
        assertEquals(onnx.path("layers"), safetensors.path("layers"));
        assertEquals("validation", onnx.path("split").asText());
        assertEquals(4, onnx.path("layers").size());
        assertEquals("fc1.bias", onnx.path("layers").get(1).path("name").asText());
        assertEquals(5, onnx.path("parts").size());
    }

    @Test
    void peopleGetATableAPageAndCsv() throws IOException {
        Path html = shared.resolve("c.html");
        Path csv = shared.resolve("c.csv");
        CommandRun text =
                CommandRun.of("criticality", run.folder(), "--data", run.data(), "--report", html, "--report", csv);
        assertEquals(0, text.code(), text.err());
        assertTrue(text.out().contains("a = 0.25") && text.out().contains("##"), text.out());
        assertTrue(Files.readString(html).contains("Zhang"));
        List<String> lines = Files.readAllLines(csv);
        assertEquals(1 + 2 * 5, lines.size());
        assertTrue(lines.get(1).startsWith("\"fc1\",18840,0.0,0."), lines.get(1));
        CommandRun again = CommandRun.of("criticality", run.folder(), "--data", run.data(), "--report", csv);
        assertEquals(2, again.code(), "an existing report needs --force");
    }

    @Test
    void wrongCommandLinesEndWithTwo() throws IOException {
        for (List<String> more : List.of(
                List.<String>of(),
                List.of("--data", run.data(), "--per", "unit"),
                List.of("--data", run.data(), "--split", "train"),
                List.of("--data", run.data(), "--parts", "2"),
                List.of("--data", run.data(), "--report", "x.txt"))) {
            CommandRun outcome = CommandRun.of(java.util.stream.Stream.concat(
                            java.util.stream.Stream.of("criticality", run.folder()), more.stream())
                    .toArray());
            assertEquals(2, outcome.code(), more + ": " + outcome.err());
            assertFalse(outcome.error().contains("bug"), outcome.err());
        }
        Path bare = shared.resolve("bare.safetensors");
        SafetensorsWriter.write(
                bare,
                List.of(ArrayTensor.of(
                        "fc1.weight", io.detinit.generator.TensorShape.of(24, 784), weights("fc1.weight", 1))),
                Map.of());
        CommandRun noPlan =
                CommandRun.of("criticality", bare, "--data", run.data(), "--score-with", run.file("model.onnx"));
        assertEquals(2, noPlan.code(), noPlan.err());
        assertTrue(noPlan.error().contains("carries no plan"), noPlan.err());
    }
}
