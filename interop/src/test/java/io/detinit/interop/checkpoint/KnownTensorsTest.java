package io.detinit.interop.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every real file whose content somebody else's reader listed: names, dtypes, shapes and the hash of every tensor. */
class KnownTensorsTest {

    @ParameterizedTest
    @ValueSource(strings = {"fixtures", "fixtures/trained"})
    void areRead(String folder) throws IOException {
        Path root = SharedFiles.path(folder);
        JsonNode known =
                new ObjectMapper().readTree(root.resolve("tensors.json").toFile());
        List<String> wrong = new ArrayList<>();
        int tensors = 0;
        for (Map.Entry<String, JsonNode> file : known.properties()) {
            if (file.getValue().path("kind").asText().equals("refused-by-oracle")) {
                continue;
            }
            try {
                tensors += check(root.resolve(file.getKey()), file.getValue().path("tensors"), wrong);
            } catch (IOException | RuntimeException e) {
                wrong.add(file.getKey() + ": " + e);
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(tensors > 100, tensors + " tensors");
    }

    private static int check(Path path, JsonNode expected, List<String> wrong) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
            Map<String, TensorView> found = new HashMap<>();
            for (TensorView tensor : checkpoint.tensors()) {
                assertTrue(found.put(tensor.info().name(), tensor) == null, tensor.info()::name);
            }
            for (Map.Entry<String, JsonNode> entry : expected.properties()) {
                TensorView tensor = found.get(entry.getKey());
                String where = path.getFileName() + " " + entry.getKey();
                if (tensor == null) {
                    wrong.add(where + ": missing among " + found.keySet());
                    continue;
                }
                String dtype = entry.getValue().path("dtype").asText();
                if (!dtype.matches("\\d+")
                        && !dtype.equals(tensor.info().dtype().name())) {
                    wrong.add(where + ": " + tensor.info().dtype() + " for " + dtype);
                }
                List<Long> shape = new ArrayList<>();
                entry.getValue().path("shape").forEach(axis -> shape.add(axis.asLong()));
                if (!shape.equals(java.util.Arrays.stream(tensor.info().shape().dims())
                        .boxed()
                        .toList())) {
                    wrong.add(where + ": " + tensor.info().shape() + " for " + shape);
                }
                String hash = entry.getValue().path("sha256").asText("");
                if (!hash.isEmpty() && !hash.equals(TensorHash.sha256(tensor))) {
                    wrong.add(where + ": other content");
                }
            }
            return expected.size();
        }
    }
}
