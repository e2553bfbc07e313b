package io.detinit.interop.numpy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** Small arrays, and files of NumPy's with what is in them. */
final class NumpyFiles {

    private NumpyFiles() {}

    /** Made by {@code src/test/python/numpy_files.py} with NumPy 2.4.6. */
    static Path golden() {
        try {
            return Path.of(NumpyFiles.class.getResource("/numpy/2.4.6").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] npy(int major, String dict, int dataBytes) {
        byte[] text = dict.getBytes(major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        ByteBuffer bytes = ByteBuffer.allocate((major == 1 ? 10 : 12) + text.length + dataBytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
        if (major == 1) {
            bytes.putShort((short) text.length);
        } else {
            bytes.putInt(text.length);
        }
        bytes.put(text);
        for (int k = 0; k < dataBytes; k++) {
            bytes.put((byte) k);
        }
        return bytes.array();
    }

    static Checkpoint open(Path file) throws IOException {
        return file.toString().endsWith(".npz") ? NpzFile.open(file) : NpyFile.open(file);
    }

    static Checkpoint open(String name, byte[] bytes) throws IOException {
        MemoryBytes memory = new MemoryBytes(name, bytes);
        return name.endsWith(".npz")
                ? NpzFile.read(Path.of(name), memory, () -> {})
                : NpyFile.read(Path.of(name), memory, () -> {});
    }

    static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, bytes);
        return bytes.array();
    }

    /** Compares every file of a folder's expected.json that is there; returns how many were. */
    static int compare(Path folder) throws IOException {
        JsonNode files = new ObjectMapper()
                .readTree(folder.resolve("expected.json").toFile())
                .get("files");
        int compared = 0;
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            if (!Files.exists(folder.resolve(file.getKey()))) {
                continue;
            }
            try (Checkpoint checkpoint = open(folder.resolve(file.getKey()))) {
                List<String> names = new ArrayList<>();
                checkpoint.tensors().forEach(t -> names.add(t.info().name()));
                List<String> expected = new ArrayList<>();
                file.getValue().fieldNames().forEachRemaining(expected::add);
                assertEquals(expected, names, file.getKey());
                for (TensorView tensor : checkpoint.tensors()) {
                    JsonNode wanted = file.getValue().get(tensor.info().name());
                    String what = file.getKey() + ": " + tensor.info().name();
                    assertEquals(
                            wanted.get("dtype").asText(), tensor.info().dtype().name(), what);
                    List<Long> shape = StreamSupport.stream(wanted.get("shape").spliterator(), false)
                            .map(JsonNode::asLong)
                            .toList();
                    assertEquals(shape.toString(), tensor.info().shape().toString(), what);
                    assertEquals(wanted.get("hex").asText(), HexFormat.of().formatHex(bytes(tensor)), what);
                }
            }
            compared++;
        }
        return compared;
    }
}
