package io.detinit.interop.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.models.ParameterNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nets that PyTorch 1.13 trained, in DJL, with PyTorch's logits; skipped where the files are not at hand. */
class TrainedNetsTest {

    private static final int SAMPLES = 4;
    private static final int PIXELS = 784;
    private static final int CLASSES = 10;

    /** The first test images, pixels / 255. */
    private static float[] images() throws IOException {
        Path file = SharedFiles.path("data/mnist/t10k-images-idx3-ubyte.gz");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            in.skipNBytes(16);
            byte[] bytes = in.readNBytes(SAMPLES * PIXELS);
            float[] pixels = new float[bytes.length];
            for (int k = 0; k < pixels.length; k++) {
                pixels[k] = Byte.toUnsignedInt(bytes[k]) / 255f;
            }
            return pixels;
        }
    }

    private static void check(String net, float[] logits, double tolerance) throws IOException {
        JsonNode facts = new ObjectMapper()
                .readTree(SharedFiles.path("fixtures/trained/facts.json").toFile());
        JsonNode expected = facts.get(net).get("logits_first4");
        for (int k = 0; k < SAMPLES * CLASSES; k++) {
            assertEquals(expected.get(k / CLASSES).get(k % CLASSES).asDouble(), logits[k], tolerance, net);
        }
    }

    private static void check(String net, String suffix, Block block, Shape input, double tolerance)
            throws IOException {
        Path path = SharedFiles.path("fixtures/trained/" + net + suffix);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                StateDict weights = StateDict.open(path)) {
            LoadedBlocks.initialised(block, manager, input);
            LoadReport report = weights.into(ParameterNames.of(block));
            assertTrue(report.complete(), report.text());
            check(net, LoadedBlocks.forward(block, manager, manager.create(images(), input)), tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".pt", ".legacy.pt", ".safetensors", ".torchscript.pt", ".onnx", ".folded.onnx"})
    void theFullyConnectedNets(String suffix) throws IOException {
        for (String net : new String[] {"mlp-torchdefault", "mlp-addressable"}) {
            check(net, suffix, LoadedBlocks.mlp(300, 100, 10), new Shape(SAMPLES, PIXELS), 1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".ckpt", ".fp16.pt", ".bf16.pt"})
    void aWholeCheckpointAndReducedPrecision(String suffix) throws IOException {
        double tolerance = suffix.equals(".ckpt") ? 1e-4 : suffix.equals(".fp16.pt") ? 2e-2 : 2e-1;
        check("mlp-addressable", suffix, LoadedBlocks.mlp(300, 100, 10), new Shape(SAMPLES, PIXELS), tolerance);
    }

    @ParameterizedTest
    @ValueSource(strings = {".pt", ".legacy.pt", ".safetensors", ".torchscript.pt"})
    void theConvolutionalNet(String suffix) throws IOException {
        check("cnn-torchdefault", suffix, LoadedBlocks.cnn(true), new Shape(SAMPLES, 1, 28, 28), 1e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {".onnx", ".folded.onnx"})
    void aFoldedNormBelongsIntoABlockWithoutIt(String suffix) throws IOException {
        check("cnn-torchdefault", suffix, LoadedBlocks.cnn(false), new Shape(SAMPLES, 1, 28, 28), 1e-4);
        Path path = SharedFiles.path("fixtures/trained/cnn-torchdefault" + suffix);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                StateDict weights = StateDict.open(path)) {
            Block block = LoadedBlocks.initialised(LoadedBlocks.cnn(true), manager, new Shape(1, 1, 28, 28));
            Map<String, Parameter> parameters = ParameterNames.of(block);
            LoadReport report = weights.match(parameters);
            assertEquals(
                    "a BatchNorm was folded into it", report.mismatched().get(0).reason());
            assertThrows(MalformedFileException.class, () -> weights.into(parameters));
        }
    }
}
