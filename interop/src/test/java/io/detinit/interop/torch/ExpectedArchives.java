package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Compares files with what the PyTorch that wrote them says of them, as {@code src/test/python/torch_archives.py} notes it. */
final class ExpectedArchives {

    private ExpectedArchives() {}

    /** Finds a file by its name. */
    @FunctionalInterface
    interface Folder {
        /**
         * Finds a file.
         *
         * @param name its name
         * @return its path
         * @throws IOException if there is none
         */
        Path find(String name) throws IOException;
    }

    /** Opens a file or a folder. */
    static Checkpoint open(Path path) throws IOException {
        return Files.isDirectory(path) ? DistributedCheckpoint.open(path) : TorchFile.open(path);
    }

    /**
     * Compares every file that a list names.
     *
     * @param folder where the files lie
     * @param expected the list
     * @return how many tensors were compared
     */
    static int check(Folder folder, Path expected) throws IOException {
        JsonNode files = new ObjectMapper().readTree(expected.toFile()).path("files");
        int tensors = 0;
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            try (Checkpoint checkpoint = open(folder.find(file.getKey()))) {
                tensors += check(file.getKey(), checkpoint, file.getValue());
            }
        }
        return tensors;
    }

    private static int check(String name, Checkpoint checkpoint, JsonNode expected) throws IOException {
        assertEquals(expected.path("format").asText(), checkpoint.format(), name);
        List<String> wanted = new ArrayList<>();
        Set<String> names = new HashSet<>();
        expected.path("tensors").forEach(row -> {
            wanted.add(row.toString());
            names.add(row.get(0).asText());
        });
        List<String> listed = new ArrayList<>();
        List<String> rest = new ArrayList<>();
        Set<String> hashes = new HashSet<>();
        for (TensorView tensor : checkpoint.tensors()) {
            String hash = TensorHash.sha256(tensor);
            boolean state = checkpoint.format().equals("pt2")
                    ? names.contains(tensor.info().name()) // constants may be buffers that no state dict lists
                    : tensor.info().kind() != Kind.OTHER && tensor.info().kind() != Kind.CONSTANT;
            if (state) {
                listed.add(row(tensor, hash));
            } else {
                rest.add(row(tensor, hash));
                hashes.add(hash);
            }
        }
        assertEquals(String.join("\n", wanted), String.join("\n", listed), name);
        expected.path("constants")
                .forEach(hash -> assertTrue(hashes.contains(hash.asText()), () -> name + " constants: " + rest));
        for (Map.Entry<String, JsonNode> entry : expected.path("metadata").properties()) {
            assertEquals(entry.getValue().asText(), checkpoint.metadata().get(entry.getKey()), name);
        }
        return wanted.size();
    }

    private static String row(TensorView tensor, String hash) {
        StringBuilder shape = new StringBuilder();
        for (long dim : tensor.info().shape().dims()) {
            shape.append(shape.length() == 0 ? "" : ",").append(dim);
        }
        return String.format(
                "[\"%s\",\"%s\",\"%s\",[%s],\"%s\"]",
                tensor.info().name(),
                tensor.info().kind().name().toLowerCase(Locale.ROOT),
                tensor.info().dtype(),
                shape,
                hash);
    }
}
