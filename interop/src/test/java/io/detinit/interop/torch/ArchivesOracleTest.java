package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real PyTorch writes TorchScript, packages, exported programs and distributed checkpoints; names, kinds, dtypes, shapes, contents
 * and order are those of its own state dict. Run by {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON
 * naming a Python that has torch (2.15.0, 2.7.1 and 1.13.0 when this was written; each writes what it knows).
 */
@Tag("oracle")
class ArchivesOracleTest {

    @TempDir
    static Path written;

    @TempDir
    Path rewritten;

    private static void python(Object... arguments) throws IOException, InterruptedException {
        OraclePython.run(Path.of("src/test/python/torch_archives.py").toAbsolutePath(), arguments);
    }

    private static Path files() throws IOException, InterruptedException {
        Path expected = written.resolve("expected.json");
        if (!Files.exists(expected)) {
            python(written);
        }
        return expected;
    }

    @Test
    void namesKindsContentsAndOrderAreThoseOfPyTorch(TestReporter reporter) throws IOException, InterruptedException {
        Path expected = files();
        int tensors = ExpectedArchives.check(written::resolve, expected);
        reporter.publishEntry("tensors", Integer.toString(tensors));
        assertTrue(tensors > 100, tensors + " tensors");
    }

    /** All parameters negated: PyTorch reads the new ones, and everything else as it was. */
    @Test
    void pyTorchReadsWhatIsWrittenBack(TestReporter reporter) throws IOException, InterruptedException {
        JsonNode files = new ObjectMapper().readTree(files().toFile()).path("files");
        Map<String, Map<String, String>> hashes = new HashMap<>();
        List<String> refused = new ArrayList<>();
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            try (Checkpoint checkpoint = ExpectedArchives.open(written.resolve(file.getKey()))) {
                Map<String, TensorView> negated = new HashMap<>();
                for (TensorView tensor : checkpoint.tensors()) {
                    if (tensor.info().kind() == Kind.PARAMETER) {
                        negated.put(tensor.info().name(), negated(tensor));
                    }
                }
                Map<String, String> wanted = new HashMap<>();
                for (TensorView tensor : checkpoint.tensors()) {
                    String name = tensor.info().name();
                    wanted.put(name, TensorHash.sha256(negated.getOrDefault(name, tensor)));
                }
                checkpoint.rewrite(rewritten.resolve(file.getKey()), negated, Map.of());
                hashes.put(file.getKey(), wanted);
            } catch (MalformedFileException e) {
                refused.add(file.getKey());
            }
        }
        assertTrue(List.of("views.pt2").containsAll(refused), refused::toString); // two overlapping parameters
        python(rewritten, "--read");
        JsonNode found =
                new ObjectMapper().readTree(rewritten.resolve("read.json").toFile());
        assertEquals(
                hashes.keySet(),
                new HashSet<>(found.propertyStream().map(Map.Entry::getKey).toList()));
        int tensors = 0;
        for (Map.Entry<String, JsonNode> file : found.properties()) {
            for (JsonNode row : file.getValue()) {
                String name = row.get(0).asText();
                String wanted = hashes.getOrDefault(file.getKey(), Map.of()).get(name);
                assertEquals(wanted, row.get(4).asText(), file.getKey() + " " + name);
                tensors++;
            }
        }
        reporter.publishEntry("tensors", Integer.toString(tensors));
        assertTrue(tensors > 100, tensors + " tensors");
    }

    private static TensorView negated(TensorView tensor) throws IOException {
        byte[] bytes = new byte[(int) tensor.info().bytes()];
        tensor.readBytes(0, ByteBuffer.wrap(bytes));
        int size = tensor.info().dtype().bytes();
        for (int at = size - 1; at < bytes.length; at += size) {
            bytes[at] ^= (byte) 0x80;
        }
        return ArrayTensor.of(tensor.info(), ByteBuffer.wrap(bytes));
    }
}
