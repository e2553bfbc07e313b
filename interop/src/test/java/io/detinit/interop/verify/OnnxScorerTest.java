package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxScorerTest {

    @TempDir
    Path folder;

    /** Relu over an input of the given shape, so that the output shows how samples were laid out. */
    private static byte[] relu(long... shape) {
        return TestModels.model(OnnxMl.GraphProto.newBuilder()
                        .setName("g")
                        .addInput(TestModels.value("x", shape))
                        .addOutput(TestModels.value("y", shape))
                        .addNode(TestModels.node("Relu", "y", "x")))
                .build()
                .toByteArray();
    }

    private static byte[] linear(String... more) {
        OnnxMl.GraphProto.Builder graph = TestModels.linear();
        for (String operator : more) {
            graph.getNodeBuilder(1).setOutput(0, "z");
            graph.addNode(TestModels.node(operator, "y", "z"));
        }
        return TestModels.model(graph).build().toByteArray();
    }

    private static final float[] SAMPLES = {1, 0, 0, 1, -1, 0};

    @Test
    void outputsAreRowsPerSample() throws IOException {
        try (OnnxScorer scorer = OnnxScorer.of("m", linear(), 1)) {
            // ((x W^T) + b) * 2 with W = [[1,2],[3,4],[5,6]], b = [.5,-.5,0]
            float[] expected = {3, 5, 10, 5, 7, 12, -1, -7, -10};
            assertArrayEquals(expected, scorer.logits(SAMPLES, 2, 8));
            assertArrayEquals(expected, scorer.logits(SAMPLES, 2, 2));
            assertArrayEquals(expected, scorer.logits(SAMPLES, 2, 1));
            assertEquals(0, scorer.logits(new float[0], 2, 1).length);
        }
    }

    @Test
    void samplesAreReshapedToTheInput() throws IOException {
        float[] samples = new float[3 * 4];
        for (int k = 0; k < samples.length; k++) {
            samples[k] = k;
        }
        for (long[] shape : List.of(
                new long[] {-1, 4},
                new long[] {-1, 1, 2, 2},
                new long[] {-1, 2, 2},
                new long[] {-1, 1, -1, -1},
                new long[] {-1, -1},
                new long[] {1, 4},
                new long[] {2, 2, 2},
                new long[] {5, 4},
                new long[] {2, 2},
                new long[] {4})) {
            try (OnnxScorer scorer = OnnxScorer.of("m", relu(shape), 1)) {
                assertArrayEquals(samples, scorer.logits(samples, 4, 2), java.util.Arrays.toString(shape));
            }
        }
    }

    @Test
    void samplesThatDoNotFitAreRefused() throws IOException {
        try (OnnxScorer scorer = OnnxScorer.of("m", relu(-1, 1, 2, 2), 1)) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> scorer.logits(new float[5], 5, 1));
            assertEquals(
                    "m: the input has the shape [-1, 1, 2, 2] (-1 is a free axis, axis 0 the batch);"
                            + " samples of 5 features do not fit",
                    e.getMessage());
            assertThrows(IllegalArgumentException.class, () -> scorer.logits(new float[7], 4, 1));
            assertThrows(IllegalArgumentException.class, () -> scorer.logits(new float[4], 4, 0));
            assertThrows(IllegalArgumentException.class, () -> scorer.logits(new float[4], 0, 1));
        }
        try (OnnxScorer scorer = OnnxScorer.of("m", relu(-1, 1, -1, -1), 1)) {
            assertThrows(IllegalArgumentException.class, () -> scorer.logits(new float[5], 5, 1));
        }
    }

    /** By hand: rows [3,5,10], [5,7,12], [-1,-7,-10]; log-sum-exp 10.0076265..., 12.0076265..., -0.9973992... */
    @Test
    void accuracyAndLossOfLogits() throws IOException {
        try (OnnxScorer scorer = OnnxScorer.of("m", linear(), 1)) {
            Score score = scorer.score(SAMPLES, 2, new int[] {2, 1, 0}, 2);
            assertEquals(3, score.samples());
            assertEquals(2.0 / 3, score.accuracy());
            double a = Math.log1p(Math.exp(-7) + Math.exp(-5));
            double c = Math.log1p(Math.exp(-6) + Math.exp(-9));
            assertEquals((a + (a + 5) + c) / 3, score.loss(), 1e-7);
            assertFalse(score.probabilities());
        }
    }

    @Test
    void aModelThatEndsInASoftmaxHasTheSameLoss() throws IOException {
        int[] labels = {2, 1, 0};
        try (OnnxScorer logits = OnnxScorer.of("m", linear(), 1);
                OnnxScorer softmax = OnnxScorer.of("m", linear("Softmax"), 1);
                OnnxScorer logSoftmax = OnnxScorer.of("m", linear("LogSoftmax"), 1)) {
            double loss = logits.score(SAMPLES, 2, labels, 3).loss();
            assertEquals(loss, softmax.score(SAMPLES, 2, labels, 3).loss(), 1e-5);
            assertTrue(softmax.score(SAMPLES, 2, labels, 3).probabilities());
            assertEquals(loss, logSoftmax.score(SAMPLES, 2, labels, 3).loss(), 1e-5);
            assertFalse(logSoftmax.score(SAMPLES, 2, labels, 3).probabilities());
        }
    }

    @Test
    void aNanIsWrong() throws MalformedFileException {
        Score score = Scoring.score("m", new float[] {Float.NaN, 1, 0, 1}, new int[] {1, 1});
        assertEquals(0.5, score.accuracy());
        assertTrue(Double.isNaN(score.loss()));
        assertEquals(
                -Math.log(Float.MIN_VALUE),
                Scoring.score("m", new float[] {0, 1}, new int[] {0}).loss());
    }

    @Test
    void labelsThatDoNotFitAreRefused() throws IOException {
        try (OnnxScorer scorer = OnnxScorer.of("m", linear(), 1)) {
            assertThrows(IllegalArgumentException.class, () -> scorer.score(SAMPLES, 2, new int[] {0, 1, 3}, 3));
            assertThrows(IllegalArgumentException.class, () -> scorer.score(SAMPLES, 2, new int[] {0, -1, 2}, 3));
            assertThrows(IllegalArgumentException.class, () -> scorer.score(SAMPLES, 2, new int[] {0, 1}, 3));
            assertThrows(IllegalArgumentException.class, () -> scorer.score(new float[0], 2, new int[0], 3));
        }
    }

    @Test
    void latencyIsMedianAndNearestRank() throws IOException {
        double[] times = new double[200];
        for (int k = 0; k < 200; k++) {
            times[k] = 200 - k;
        }
        assertEquals(new Latency(200, 100.5, 198), Scoring.latency(times));
        assertEquals(new Latency(1, 4, 4), Scoring.latency(new double[] {4}));
        assertEquals(new Latency(3, 2, 3), Scoring.latency(new double[] {3, 1, 2}));
        try (OnnxScorer scorer = OnnxScorer.of("m", linear(), 2)) {
            Latency latency = scorer.latency(SAMPLES, 2, 5, 50);
            assertEquals(50, latency.runs());
            assertTrue(latency.median() > 0 && latency.median() <= latency.p99());
            assertThrows(IllegalArgumentException.class, () -> scorer.latency(SAMPLES, 2, 0, 0));
            assertThrows(IllegalArgumentException.class, () -> scorer.latency(new float[0], 2, 0, 1));
        }
    }

    @Test
    void doubleInputsAndOutputsAreConverted() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 2))
                .addOutput(TestModels.value("y", -1, 2))
                .addNode(TestModels.node("Relu", "y", "x"));
        graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(11);
        graph.getOutputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(11);
        try (OnnxScorer scorer =
                OnnxScorer.of("m", TestModels.model(graph).build().toByteArray(), 1)) {
            assertArrayEquals(new float[] {0.1f, 0}, scorer.logits(new float[] {0.1f, -1}, 2, 1));
        }
    }

    @Test
    void filesThatDoNotLoadAreMalformed() throws IOException {
        assertThrows(NoSuchFileException.class, () -> OnnxScorer.open(folder.resolve("none"), 1));
        assertThrows(IllegalArgumentException.class, () -> OnnxScorer.of("m", linear(), 0));
        assertThrows(MalformedFileException.class, () -> OnnxScorer.of("m", new byte[0], 1));
        Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> OnnxScorer.open(junk, 1));
        assertTrue(String.valueOf(e.getMessage()).startsWith(junk + ": model: found "), e.getMessage());
        assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
        OnnxMl.GraphProto.Builder two = TestModels.linear().addInput(TestModels.value("x2", 1));
        MalformedFileException inputs = assertThrows(
                MalformedFileException.class,
                () -> OnnxScorer.of("m", TestModels.model(two).build().toByteArray(), 1));
        assertTrue(String.valueOf(inputs.getMessage()).contains("x2"), inputs.getMessage());
    }

    @Test
    void aModelWithoutFloatsIsUnsupported() {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 2))
                .addOutput(TestModels.value("y", -1, 2))
                .addNode(TestModels.node("Not", "y", "x"))
                .addInitializer(TestModels.tensor("c", 9, 1).setRawData(ByteString.copyFrom(new byte[] {1})));
        graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(9);
        graph.getOutputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(9);
        byte[] model = TestModels.model(graph).build().toByteArray();
        assertThrows(MalformedFileException.class, () -> OnnxScorer.of("m", model, 1));
    }

    /** IR version 3 lists every initializer among the inputs; a model of MATLAB's converter. */
    @Test
    void initializersAmongTheInputsAreNotFed() throws IOException {
        Path file = TestModels.fixtures()
                .map(f -> f.resolve("onnx/ACASXU_experimental_v2a_1_1.onnx"))
                .orElse(Path.of("none"));
        assumeTrue(Files.exists(file), "no fixtures");
        try (OnnxScorer scorer = OnnxScorer.open(file, 1)) {
            assertEquals(5, scorer.logits(new float[5], 5, 1).length);
        }
    }

    @Test
    void trainedModelsRun() throws IOException {
        Path file = TestModels.fixtures()
                .map(f -> f.resolve("trained/cnn-torchdefault.onnx"))
                .orElse(Path.of("none"));
        assumeTrue(Files.exists(file), "no fixtures");
        try (OnnxScorer scorer = OnnxScorer.open(file, 1)) {
            assertEquals(30, scorer.logits(new float[3 * 784], 784, 2).length);
        }
    }
}
