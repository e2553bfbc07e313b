package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** PyTorch 1.13's own figures for models that it trained on MNIST; skipped where models or data are not at hand. */
class RealScoresTest {

    private static final int PIXELS = 784;

    private static byte[] idx(Path file, int header) throws IOException {
        assumeTrue(Files.exists(file), "no data");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            byte[] all = in.readAllBytes();
            return Arrays.copyOfRange(all, header, all.length);
        }
    }

    @Test
    void accuracyAndLogitsAreThoseOfPyTorch() throws IOException {
        Path fixtures = TestModels.fixtures().orElse(Path.of("none"));
        Path trained = fixtures.resolve("trained");
        assumeTrue(Files.isDirectory(trained), "no fixtures");
        Path mnist = fixtures.resolveSibling("data").resolve("mnist");
        byte[] pixels = idx(mnist.resolve("t10k-images-idx3-ubyte.gz"), 16);
        byte[] digits = idx(mnist.resolve("t10k-labels-idx1-ubyte.gz"), 8);
        float[] images = new float[pixels.length];
        for (int k = 0; k < images.length; k++) {
            images[k] = Byte.toUnsignedInt(pixels[k]) / 255f;
        }
        int[] labels = new int[digits.length];
        for (int k = 0; k < labels.length; k++) {
            labels[k] = digits[k];
        }
        JsonNode facts =
                new ObjectMapper().readTree(trained.resolve("facts.json").toFile());
        for (String name : new String[] {"mlp-torchdefault", "cnn-torchdefault", "mlp-addressable"}) {
            try (OnnxScorer scorer = OnnxScorer.open(trained.resolve(name + ".onnx"), 1);
                    OnnxScorer folded = OnnxScorer.open(trained.resolve(name + ".folded.onnx"), 1)) {
                Score score = scorer.score(images, PIXELS, labels, 500);
                // One sample of 10000 may fall on the other side where two logits are almost equal.
                assertEquals(facts.get(name).get("test_accuracy").asDouble(), score.accuracy(), 1.5e-4, name);
                assertTrue(score.loss() > 0 && score.loss() < 0.5, name + " " + score);
                float[] first = Arrays.copyOf(images, 4 * PIXELS);
                float[] logits = scorer.logits(first, PIXELS, 4);
                for (int k = 0; k < 40; k++) {
                    double expected = facts.get(name)
                            .get("logits_first4")
                            .get(k / 10)
                            .get(k % 10)
                            .asDouble();
                    assertEquals(expected, logits[k], 2e-5, name); // printed with 5 decimals
                }
                assertTrue(Verifier.compareOutputs(scorer, folded, first, PIXELS, 4, 1e-5)
                        .within());
            }
        }
    }
}
