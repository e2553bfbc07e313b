package io.detinit.interop.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.TensorShape;
import io.detinit.interop.DamagedFiles;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

    @TempDir
    Path folder;

    private Path raw(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        return Files.write(folder.resolve("raw.safetensors"), bytes.array());
    }

    private Path sample() throws IOException {
        Path file = folder.resolve("sample.safetensors");
        ByteBuffer ints = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, 7)
                .putLong(8, -1);
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {1, 2, 3});
        SafetensorsWriter.write(
                file,
                List.of(
                        ArrayTensor.of(new TensorInfo("u", DType.U8, TensorShape.of(3), TensorInfo.Kind.OTHER), bytes),
                        ArrayTensor.of("w", TensorShape.of(2, 2), new float[] {1, -2, 0.5f, Float.NaN}),
                        ArrayTensor.of(new TensorInfo("n", DType.I64, TensorShape.of(2), TensorInfo.Kind.BUFFER), ints),
                        ArrayTensor.of("scalar", TensorShape.of(), new float[] {3}),
                        ArrayTensor.of("empty", TensorShape.of(0, 5), new float[0])),
                Map.of("format", "pt", "note", "a \"quoted\" \u00e9"));
        return file;
    }

    @Test
    void readsWhatItWrites() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(sample())) {
            assertEquals(
                    List.of("u", "w", "n", "scalar", "empty"),
                    file.tensors().stream().map(t -> t.info().name()).toList(),
                    "header order is the order given");
            float[] w = new float[4];
            file.find("w").orElseThrow().readFloats(0, w, 0, 4);
            assertArrayEquals(new float[] {1, -2, 0.5f, Float.NaN}, w);
            float[] part = new float[3];
            file.find("w").orElseThrow().readFloats(1, part, 1, 2);
            assertArrayEquals(new float[] {0, -2, 0.5f}, part);
            assertEquals("a \"quoted\" \u00e9", file.metadata().get("note"));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> file.find("w").orElseThrow().readFloats(3, w, 0, 2));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> file.find("n").orElseThrow().readFloats(0, w, 0, 1));
        }
        byte[] bytes = Files.readAllBytes(folder.resolve("sample.safetensors"));
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, header % 8, "the data is aligned");
    }

    @Test
    void rewritingReplacesAndKeeps() throws IOException {
        Path out = folder.resolve("out.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(sample())) {
            TensorView w = ArrayTensor.of("w", TensorShape.of(2, 2), new float[] {9, 8, 7, 6});
            file.rewrite(out, Map.of("w", w), Map.of("detinit.plan", "{}"));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> file.rewrite(
                            out, Map.of("w", ArrayTensor.of("w", TensorShape.of(4), new float[4])), Map.of()));
            assertThrows(IllegalArgumentException.class, () -> file.rewrite(out, Map.of("x", w), Map.of()));
        }
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            float[] values = new float[4];
            file.find("w").orElseThrow().readFloats(0, values, 0, 4);
            assertArrayEquals(new float[] {9, 8, 7, 6}, values);
            ByteBuffer u = ByteBuffer.allocate(3);
            file.find("u").orElseThrow().readBytes(0, u);
            assertArrayEquals(new byte[] {1, 2, 3}, u.array());
            assertEquals("pt", file.metadata().get("format"));
            assertEquals("{}", file.metadata().get("detinit.plan"));
        }
    }

    @Test
    void aFailedWriteLeavesNothing() throws IOException {
        Path target = Files.writeString(folder.resolve("t.safetensors"), "old");
        TensorView broken = new TensorView() {
            @Override
            public TensorInfo info() {
                return new TensorInfo("w", DType.F32, TensorShape.of(1000), TensorInfo.Kind.PARAMETER);
            }

            @Override
            public void readBytes(long position, ByteBuffer destination) throws IOException {
                throw new IOException("disk gone");
            }
        };
        assertThrows(IOException.class, () -> SafetensorsWriter.write(target, List.of(broken), Map.of()));
        assertEquals("old", Files.readString(target));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "no temporary file is left");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}                          | 4  | truncated",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}                          | 12 | no tensor",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}                          | 4  | 8 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}                          | 8  | no hole",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}                          | 8  | end not before",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}                         | 4  | [0, 2^63)",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}                            | 4  | data_offsets",
                "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}                          | 4  | dtype",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}      | 4  | 2^63 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,4]}}        | 4  | 2^63 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}                        | 4  | VALUE_NUMBER_INT",
                "{\"a\":7}                                                                                 | 0  | START_OBJECT",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}} | 4 | Duplicate",
                "{\"__metadata__\":{\"k\":1}}                                                              | 0  | VALUE_STRING",
                "[]                                                                                        | 0  | START_OBJECT",
                "{\"a\":                                                                                   | 0  | valid JSON",
                "{} x                                                                                      | 0  | valid JSON",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}} | 6 | overlap",
            })
    void everyRuleHasItsError(String header, int dataBytes, String part) throws IOException {
        Path file = raw(header.strip(), dataBytes);
        String message = assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file))
                .getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains(part.strip()), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void absurdHeaderLengthsAreRefusedBeforeAnythingIsAllocated() throws IOException {
        for (long length : new long[] {Long.MAX_VALUE, -1, 100_000_001, 99_999_999, 40}) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            Path file = Files.write(folder.resolve("l.safetensors"), bytes.array());
            String message = assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file))
                    .getMessage();
            assertTrue(message.contains("header length"), message);
        }
        byte[] bad = {2, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF, (byte) 0xFE};
        Path file = Files.write(folder.resolve("u.safetensors"), bad);
        assertTrue(assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file))
                .getMessage()
                .contains("UTF-8"));
    }

    @Test
    void truncationAtEveryByteIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(sample());
        for (int length = 0; length < whole.length; length++) {
            Path cut = Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(whole, length));
            int at = length;
            assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(cut), () -> "cut at " + at);
        }
    }

    @Test
    void damagedFilesDoNoHarm() throws IOException {
        List<byte[]> files = new java.util.ArrayList<>();
        files.add(Files.readAllBytes(sample()));
        for (Path path : SharedFiles.files("fixtures/safetensors")) {
            if (Files.size(path) < 100_000) {
                files.add(Files.readAllBytes(path));
            }
        }
        DamagedFiles.fuzz(folder, files, SafetensorsFile::open);
    }

    @Test
    void packedDtypesFillWholeBytes() throws IOException {
        Path even = raw("{\"w\":{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[0,3]}}", 3);
        try (SafetensorsFile file = SafetensorsFile.open(even)) {
            assertEquals(3, file.tensors().get(0).info().bytes());
        }
        Path odd = raw("{\"w\":{\"dtype\":\"F6_E2M3\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3);
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(odd));
        assertTrue(e.getMessage().contains("[3] of 6 bits each, expected whole bytes"), e.getMessage());
        for (String foreign : List.of("C128", "I4", "U4", "I2", "U2")) {
            Path other = raw("{\"w\":{\"dtype\":\"" + foreign + "\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0);
            assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(other), foreign);
        }
    }

    @Test
    void realFilesHaveTheContentThatPyTorchSaw() throws Exception {
        JsonNode known = new ObjectMapper()
                .readTree(SharedFiles.path("fixtures/trained/tensors.json").toFile());
        int checked = 0;
        for (Path path : SharedFiles.files("fixtures/trained")) {
            if (!path.toString().endsWith(".safetensors")) {
                continue;
            }
            JsonNode tensors = known.path(path.getFileName().toString()).path("tensors");
            assertFalse(tensors.isEmpty());
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                assertEquals(tensors.size(), file.tensors().size());
                for (TensorView tensor : file.tensors()) {
                    JsonNode expected = tensors.path(tensor.info().name());
                    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.info().bytes());
                    tensor.readBytes(0, bytes);
                    String hash = HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
                    assertEquals(
                            expected.path("sha256").asText(),
                            hash,
                            tensor.info().name());
                    assertEquals(
                            expected.path("dtype").asText(),
                            tensor.info().dtype().name());
                    checked++;
                }
            }
        }
        assertTrue(checked > 10);
    }
}
