package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models made by other programs; skipped where they are not at hand. */
class OnnxRealFilesTest {

    @TempDir
    Path folder;

    private static List<Path> files(String directory) throws IOException {
        Path root = TestModels.fixtures().map(f -> f.resolve(directory)).orElse(Path.of("none"));
        assumeTrue(Files.isDirectory(root), "no fixtures");
        try (Stream<Path> found = Files.walk(root)) {
            return found.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, all);
        return all.array();
    }

    @Test
    void modelsOfManyProducersAreRead() throws IOException {
        List<String> refused = new ArrayList<>();
        for (Path file : files("onnx")) {
            assertTrue(OnnxCheckpoint.looksLikeOnnx(file), file.toString());
            byte[] content = Files.readAllBytes(file);
            assertTrue(OnnxCheckpoint.looksLikeOnnx(
                    ByteBuffer.wrap(content, 0, Math.min(64, content.length)), content.length));
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                for (TensorView tensor : checkpoint.tensors()) {
                    assertEquals(tensor.info().bytes(), bytes(tensor).length);
                }
                Path copy = folder.resolve("copy.onnx");
                checkpoint.rewrite(copy, Map.of(), Map.of());
                assertArrayEquals(content, Files.readAllBytes(copy), file.toString());
                Map<String, TensorView> all = new java.util.HashMap<>();
                checkpoint.tensors().forEach(t -> all.put(t.info().name(), t));
                checkpoint.rewrite(copy, all, Map.of("k", "v"));
                try (OnnxCheckpoint again = OnnxCheckpoint.open(copy)) {
                    assertEquals("v", again.metadata().get("k"));
                    assertEquals(checkpoint.tensors().size(), again.tensors().size());
                    for (int k = 0; k < again.tensors().size(); k++) {
                        TensorView before = checkpoint.tensors().get(k);
                        assertEquals(before.info(), again.tensors().get(k).info());
                        assertArrayEquals(bytes(before), bytes(again.tensors().get(k)));
                    }
                }
            } catch (MalformedFileException e) {
                refused.add(e.toString());
            }
        }
        assertEquals(List.of(), refused);
    }

    /** Content hashes of all dense top-level initializers of the fixtures, computed with onnx and numpy. */
    @Test
    void everyKnownTensorHasItsContent() throws Exception {
        Path root = TestModels.fixtures().orElse(Path.of("none"));
        assumeTrue(Files.isRegularFile(root.resolve("tensors.json")), "no fixtures");
        JsonNode index =
                new ObjectMapper().readTree(root.resolve("tensors.json").toFile());
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (Map.Entry<String, JsonNode> model : index.properties()) {
            if (!model.getValue().path("kind").asText().equals("onnx")) {
                continue;
            }
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(root.resolve(model.getKey()))) {
                for (Map.Entry<String, JsonNode> fact :
                        model.getValue().path("tensors").properties()) {
                    String name = fact.getKey();
                    TensorView tensor = checkpoint.find(name).orElse(null);
                    if (tensor == null) {
                        wrong.add(model.getKey() + ": no " + name);
                        continue;
                    }
                    checked++;
                    String hash = HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(tensor)));
                    JsonNode expected = fact.getValue();
                    if (!expected.path("sha256").asText(hash).equals(hash)
                            || !expected.get("shape")
                                    .toString()
                                    .equals(tensor.info().shape().toString().replace(" ", ""))
                            || !List.of(tensor.info().dtype().name(), "16")
                                    .contains(expected.get("dtype").asText())) {
                        wrong.add(model.getKey() + ": " + tensor.info() + " " + hash + ", expected " + expected);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 900, checked + " tensors");
    }

    /** The three models whose data file is not there say so; every other one opens. */
    @Test
    void aMissingDataFileIsNamed() throws IOException {
        int missing = 0;
        for (Path file : files("onnx-external")) {
            if (!file.toString().endsWith(".onnx")) {
                continue;
            }
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                assertFalse(checkpoint.tensors().isEmpty());
            } catch (NoSuchFileException e) {
                missing++;
                assertTrue(String.valueOf(e.getMessage()).contains("holds initializer '"), e.getMessage());
                assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
            }
        }
        assertEquals(3, missing);
    }

    /** Files that other projects' tests call bad: why each is refused, or why it is well-formed for who reads tensors only. */
    @Test
    void malformedModels() throws IOException {
        Map<String, String> refused = Map.of(
                "test_arbitrary_external_file.onnx", "'../../../../../../../etc/passwd'",
                "weightless.conv.onnx", "raw_data", // there, and empty: the weights were taken out
                "weightwatcher-html-page-named.onnx", "ir_version");
        Map<String, String> wellFormed = Map.of(
                "add_opset_314159.onnx", "an opset of the future; opsets matter to who runs a model",
                "bad_graph_with_no_import_domains.onnx", "no opset_import; the same",
                "mul_1.noopset.onnx", "no opset_import; the same",
                "bad_graph_with_no_name.onnx", "a graph needs no name for its tensors to be read",
                "icm-31000000518483.onnx", "a case of ONNX Runtime's, which loads it too");
        int seen = 0;
        for (Path file : files("malformed")) {
            String name = file.getFileName().toString();
            if (!name.endsWith(".onnx")) {
                continue;
            }
            seen++;
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                assertTrue(wellFormed.containsKey(name), name + " was read");
                for (TensorView tensor : checkpoint.tensors()) {
                    bytes(tensor);
                }
            } catch (MalformedFileException e) {
                String part = refused.get(name);
                assertTrue(part != null && String.valueOf(e.getMessage()).contains(part), e.getMessage());
            }
        }
        assertEquals(refused.size() + wellFormed.size(), seen);
    }

    @Test
    void foreignAndMalformedFilesAreMalformedOrWellFormed() throws IOException {
        for (String directory : List.of("malformed", "pt-legacy", "torchscript", "safetensors")) {
            Path root = TestModels.fixtures().map(f -> f.resolve(directory)).orElse(Path.of("none"));
            if (!Files.isDirectory(root)) {
                continue;
            }
            for (Path file : files(directory)) {
                boolean opened;
                try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                    for (TensorView tensor : checkpoint.tensors()) {
                        bytes(tensor);
                    }
                    opened = true;
                } catch (MalformedFileException e) {
                    opened = false;
                    assertFalse(String.valueOf(e.getMessage()).contains("\n"));
                }
                boolean probe = OnnxCheckpoint.looksLikeOnnx(file);
                assertTrue(!opened || probe, file.toString());
                assertTrue(!probe || file.toString().endsWith(".onnx"), file.toString());
            }
        }
    }

    /** sha256 of the elements as PyTorch 1.13, which trained and saved these models, holds them. */
    @Test
    void trainedModelsHaveTheElementsThatPyTorchSaved() throws Exception {
        Path index = files("trained").stream()
                .filter(f -> f.endsWith("tensors.json"))
                .findFirst()
                .orElseThrow();
        JsonNode facts = new ObjectMapper().readTree(index.toFile());
        int checked = 0;
        for (Path file : files("trained")) {
            if (!file.toString().endsWith(".onnx")) {
                continue;
            }
            JsonNode tensors = facts.get(file.getFileName().toString()).get("tensors");
            try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
                assertEquals(tensors.size(), checkpoint.tensors().size(), file.toString());
                for (TensorView tensor : checkpoint.tensors()) {
                    JsonNode fact = tensors.get(tensor.info().name());
                    String hash = HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(tensor)));
                    assertEquals(
                            fact.get("sha256").asText(), hash, tensor.info().name());
                    assertEquals(
                            fact.get("dtype").asText(), tensor.info().dtype().name());
                    assertEquals(
                            fact.get("shape").toString(),
                            tensor.info().shape().toString().replace(" ", ""));
                    checked++;
                }
            }
        }
        assertTrue(checked >= 36, checked + " tensors");
    }

    /** The exporter lists the folded convolution's initializers last; the graph uses them first. */
    @Test
    void aFoldedConvolutionComesFirst() throws IOException {
        Path file = files("trained").stream()
                .filter(f -> f.endsWith("cnn-torchdefault.folded.onnx"))
                .findFirst()
                .orElseThrow();
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
            assertEquals(
                    List.of("onnx::Conv_22", "onnx::Conv_23", "conv2.weight", "conv2.bias", "fc.weight", "fc.bias"),
                    checkpoint.tensors().stream().map(t -> t.info().name()).toList());
        }
    }
}
