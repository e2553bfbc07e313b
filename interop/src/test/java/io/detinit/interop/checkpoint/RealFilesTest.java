package io.detinit.interop.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made by other people and programs: what they hold is known, or they are refused in one line. */
class RealFilesTest {

    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "onnx", "onnx-sparse"})
    void wellFormedFilesOpen(String kind) throws IOException {
        int opened = 0;
        for (Path path : SharedFiles.files("fixtures/" + kind)) {
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                opened++;
                for (TensorView tensor : checkpoint.tensors()) {
                    tensor.readBytes(0, ByteBuffer.allocate((int) tensor.info().bytes()));
                }
            }
        }
        assertTrue(opened > 0);
    }

    @Test
    void runningStatisticsAreNoParameters() throws IOException {
        int found = 0;
        for (Path path : SharedFiles.files("fixtures/onnx")) {
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                for (TensorView tensor : checkpoint.tensors()) {
                    if (tensor.info().name().endsWith("running_mean")) {
                        found++;
                        assertTrue(tensor.info().kind() != TensorInfo.Kind.PARAMETER, path + " " + tensor.info());
                    }
                }
            }
        }
        assertTrue(found > 0, "an exported batch norm is among the files");
    }

    @Test
    void nothingMalformedDoesHarm() throws IOException {
        int refused = 0;
        for (Path path : SharedFiles.files("fixtures/malformed")) {
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                assertTrue(checkpoint.format().equals("onnx"), path + ": only ONNX files that parse may open");
            } catch (MalformedFileException e) {
                refused++;
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
        assertTrue(refused > 25, refused + " refused");
    }

    @Test
    void onnxTensorsHaveTheContentThatPyTorchExported() throws Exception {
        JsonNode known = new ObjectMapper()
                .readTree(SharedFiles.path("fixtures/trained/tensors.json").toFile());
        int checked = 0;
        for (Path path : SharedFiles.files("fixtures/trained")) {
            String name = path.getFileName().toString();
            if (!name.endsWith(".onnx")) {
                continue;
            }
            JsonNode tensors = known.path(name).path("tensors");
            assertFalse(tensors.isEmpty());
            try (Checkpoint checkpoint = Checkpoints.open(path)) {
                for (TensorView tensor : checkpoint.tensors()) {
                    JsonNode expected = tensors.path(tensor.info().name());
                    if (expected.isMissingNode()) {
                        continue; // the list holds weights, not shape constants
                    }
                    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.info().bytes());
                    tensor.readBytes(0, bytes);
                    assertEquals(
                            expected.path("sha256").asText(),
                            HexFormat.of()
                                    .formatHex(
                                            MessageDigest.getInstance("SHA-256").digest(bytes.array())),
                            name + " " + tensor.info().name());
                    checked++;
                }
            }
        }
        assertTrue(checked >= 20, checked + " tensors checked");
    }
}
