package io.detinit.interop.sharded;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.TensorShape;
import io.detinit.interop.ByteMutator;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedCheckpointTest {

    private static final String ONE = "model-00001-of-00002.safetensors";
    private static final String TWO = "model-00002-of-00002.safetensors";
    private static final String INDEX = """
            {"metadata": {"total_size": 36, "note": "kept"}, "more": [1],
             "weight_map": {"b": "model-00002-of-00002.safetensors", "a": "model-00001-of-00002.safetensors",
                            "c": "model-00002-of-00002.safetensors"}}
            """;

    @TempDir
    Path temporary;

    private Path folder;
    private Path index;

    private static ArrayTensor tensor(String name, int elements) {
        float[] values = new float[elements];
        for (int k = 0; k < elements; k++) {
            values[k] = name.charAt(0) + k;
        }
        return ArrayTensor.of(name, TensorShape.of(elements), values);
    }

    @BeforeEach
    void write() throws IOException {
        folder = Files.createDirectory(temporary.resolve("in"));
        SafetensorsWriter.write(folder.resolve(ONE), List.of(tensor("a", 3)), Map.of("format", "pt"));
        SafetensorsWriter.write(
                folder.resolve(TWO), List.of(tensor("extra", 1), tensor("c", 4), tensor("b", 2)), Map.of());
        index = Files.writeString(folder.resolve("model.safetensors.index.json"), INDEX);
    }

    private static ShardedCheckpoint open(Path index) throws IOException {
        return ShardedCheckpoint.open(index, SafetensorsFile::open);
    }

    private ShardedCheckpoint openText(String text) throws IOException {
        return ShardedCheckpoint.open(
                index, ShardIndex.parse(text.getBytes(StandardCharsets.UTF_8), index), SafetensorsFile::open);
    }

    private static List<String> names(Checkpoint checkpoint) {
        return checkpoint.tensors().stream().map(t -> t.info().name()).toList();
    }

    private static float[] floats(Checkpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void shardsAreOneCheckpointInTheOrderOfTheIndex() throws IOException {
        try (ShardedCheckpoint set = open(index)) {
            assertEquals(List.of("b", "a", "c"), names(set));
            assertEquals("safetensors (sharded)", set.format());
            assertEquals(Map.of("total_size", "36", "note", "kept"), set.metadata());
            assertArrayEquals(new float[] {'c', 'c' + 1, 'c' + 2, 'c' + 3}, floats(set, "c"));
            assertEquals(
                    List.of(TWO + ": 1 tensor that the index does not place there, such as 'extra'; not read"),
                    set.warnings());
            assertEquals(Optional.empty(), set.find("extra"));
        }
        try (ShardedCheckpoint set = openText(INDEX.replace("36", "3.6e1"))) {
            assertEquals(1, set.warnings().size(), "a float of the same value is the same size");
        }
        try (ShardedCheckpoint set = openText(INDEX.replace("36", "37"))) {
            assertTrue(
                    set.warnings().get(1).contains("total_size 37"),
                    set.warnings().get(1));
        }
    }

    /** The shards' ties count where the index places both tensors in that shard. */
    @Test
    void tiesOfTheShardsAreKept() throws IOException {
        ShardedCheckpoint.Opener opener = path -> tiedTo(SafetensorsFile.open(path));
        try (ShardedCheckpoint set = ShardedCheckpoint.open(index, opener)) {
            assertEquals(Map.of("c", "b"), set.tied());
        }
    }

    private static Checkpoint tiedTo(SafetensorsFile file) {
        return new Checkpoint() {
            @Override
            public Path path() {
                return file.path();
            }

            @Override
            public String format() {
                return file.format();
            }

            @Override
            public List<TensorView> tensors() {
                return file.tensors();
            }

            @Override
            public Map<String, String> metadata() {
                return file.metadata();
            }

            @Override
            public Map<String, String> tied() {
                return Map.of("c", "b", "extra", "b");
            }

            @Override
            public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
                    throws IOException {
                file.rewrite(target, replacements, metadata);
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Test
    void anIndexIsFoundInItsFolder() throws IOException {
        assertEquals(Optional.of(index), ShardedCheckpoint.indexIn(folder));
        assertEquals(Optional.empty(), ShardedCheckpoint.indexIn(temporary));
        Files.writeString(folder.resolve("pytorch_model.bin.index.json"), INDEX);
        String found = assertThrows(IOException.class, () -> ShardedCheckpoint.indexIn(folder))
                .getMessage();
        assertTrue(found.contains("pytorch_model.bin.index.json") && found.contains("name one"), found);
        byte[] head = INDEX.getBytes(StandardCharsets.UTF_8);
        assertTrue(ShardedCheckpoint.looksLikeIndex(index, head));
        assertTrue(ShardedCheckpoint.looksLikeIndex(Path.of("x"), head));
        assertFalse(ShardedCheckpoint.looksLikeIndex(Path.of("x"), Arrays.copyOf(head, 50)));
        assertFalse(ShardedCheckpoint.looksLikeIndex(index, new byte[] {1, '{'}));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.safetensors",
                "/etc/passwd",
                "a/b.safetensors",
                "a\\\\b.safetensors",
                "C:x.safetensors",
                "..",
                ".",
                "",
                "x\\u0000y",
                "x\\ny",
                "model.safetensors.index.json"
            })
    void aShardIsAFileNameAndNoPath(String shard) {
        String text = INDEX.replace(ONE, shard);
        String found =
                assertThrows(MalformedFileException.class, () -> openText(text)).getMessage();
        assertTrue(found.contains("tensor 'a'") && found.contains("a file name, no path"), found);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '\u0001',
            value = {
                "[]; found START_ARRAY",
                "{}; no weight_map",
                "{\"weight_map\": {}}; an empty weight_map",
                "{\"weight_map\": []}; found START_ARRAY",
                "{\"weight_map\": {\"a\": 1}}; tensor 'a': found VALUE_NUMBER_INT",
                "{\"weight_map\": {\"a\": \"x\", \"a\": \"x\"}}; Duplicate field 'a'",
                "{\"weight_map\": {\"a\": \"x\"}, \"weight_map\": {}}; Duplicate field 'weight_map'",
                "{\"weight_map\": {\"a\": \"x\"}, \"metadata\": 1}; metadata: found no JSON object",
                "{\"weight_map\": {\"a\": \"x\"}} 1; text after the JSON object",
                "{\"weight_map\": {\"a\": \"x\"; valid JSON"
            })
    void oneErrorForEachWayToBeWrong(String text, String message) {
        String found =
                assertThrows(MalformedFileException.class, () -> openText(text)).getMessage();
        assertTrue(found.contains(message) && found.startsWith(index + ": "), found);
    }

    @Test
    void nestingAndTextAreChecked() {
        String deep = "{\"metadata\":" + "{\"x\":".repeat(100) + "1" + "}".repeat(100) + "}";
        assertThrows(MalformedFileException.class, () -> openText(deep));
        byte[] latin = "{\"weight_map\":{\"\u00e9\":\"x\"}}".getBytes(StandardCharsets.ISO_8859_1);
        assertTrue(assertThrows(MalformedFileException.class, () -> ShardIndex.parse(latin, index))
                .getMessage()
                .contains("UTF-8"));
    }

    @Test
    void theShardsMustBeThereAndHaveTheTensors() throws IOException {
        String missing = assertThrows(NoSuchFileException.class, () -> openText(INDEX.replace(ONE, "gone.safetensors")))
                .getMessage();
        assertTrue(missing.contains("gone.safetensors"), missing);
        String swapped = INDEX.replace("\"b\": \"" + TWO, "\"b\": \"" + ONE);
        String found = assertThrows(MalformedFileException.class, () -> openText(swapped))
                .getMessage();
        assertTrue(found.contains("tensor 'b'") && found.contains("no such tensor in " + ONE), found);
        Path other = Files.createDirectory(temporary.resolve("other"));
        Path outside = Files.copy(folder.resolve(ONE), other.resolve("o.safetensors"));
        Files.createSymbolicLink(folder.resolve("link.safetensors"), outside);
        String out = assertThrows(MalformedFileException.class, () -> openText(INDEX.replace(ONE, "link.safetensors")))
                .getMessage();
        assertTrue(out.contains("a link out of the folder"), out);
        Files.createDirectory(folder.resolve("d.safetensors"));
        assertTrue(assertThrows(MalformedFileException.class, () -> openText(INDEX.replace(ONE, "d.safetensors")))
                .getMessage()
                .contains("no regular file"));
        Files.createSymbolicLink(folder.resolve("inside.safetensors"), folder.resolve(ONE));
        openText(INDEX.replace(ONE, "inside.safetensors")).close();
    }

    /** An opener that tells formats by content opens indexes too; a set that names itself must not go on for ever. */
    @Test
    void aSetCannotContainItself() throws IOException {
        Path self = folder.resolve("self.safetensors");
        Files.writeString(self, "{\"weight_map\": {\"a\": \"self.safetensors\"}}");
        String found =
                assertThrows(MalformedFileException.class, () -> openAny(self)).getMessage();
        assertTrue(found.contains("another index"), found);
    }

    private static Checkpoint openAny(Path path) throws IOException {
        boolean isIndex = ShardedCheckpoint.looksLikeIndex(path, Files.readAllBytes(path));
        return isIndex ? ShardedCheckpoint.open(path, ShardedCheckpointTest::openAny) : SafetensorsFile.open(path);
    }

    /** Hugging Face's cache: a snapshot of links into a folder of blobs, the index among them. */
    @Test
    void aFolderOfLinksIntoOneOtherIsRead() throws IOException {
        Path snapshot = Files.createDirectory(temporary.resolve("snapshot"));
        for (Path file : List.of(index, folder.resolve(ONE), folder.resolve(TWO))) {
            Files.createSymbolicLink(
                    snapshot.resolve(file.getFileName()), Path.of("../in").resolve(file.getFileName()));
        }
        try (ShardedCheckpoint set = open(snapshot.resolve(index.getFileName()))) {
            assertEquals(3, set.tensors().size());
        }
    }

    @Test
    void rewritingWritesShardsBesideTheTarget() throws IOException {
        Path out = Files.createDirectory(temporary.resolve("out"));
        Path target = out.resolve("model.safetensors.index.json");
        try (ShardedCheckpoint set = open(index)) {
            set.rewrite(target, Map.of("c", ArrayTensor.of("c", TensorShape.of(4), new float[4])), Map.of("k", "v"));
            assertEquals(List.of(ONE, TWO, "model.safetensors.index.json"), files(out));
            try (ShardedCheckpoint again = open(target)) {
                assertEquals(names(set), names(again));
                assertArrayEquals(new float[4], floats(again, "c"));
                assertArrayEquals(floats(set, "a"), floats(again, "a"));
                assertEquals(Map.of("total_size", "36", "note", "kept", "k", "v"), again.metadata());
            }
            JsonNode json = new ObjectMapper().readTree(target.toFile());
            assertEquals(36, json.get("metadata").get("total_size").intValue(), "a number stays a number");
            assertEquals(1, json.get("more").get(0).intValue());
            try (SafetensorsFile shard = SafetensorsFile.open(out.resolve(ONE))) {
                assertEquals(Map.of("format", "pt"), shard.metadata());
            }
            set.rewrite(target, Map.of(), Map.of()); // a second time: what is there is replaced
            assertEquals(List.of(ONE, TWO, "model.safetensors.index.json"), files(out));
            try (ShardedCheckpoint again = open(target)) {
                assertArrayEquals(floats(set, "c"), floats(again, "c"));
            }
        }
    }

    @Test
    void sourcesAreNeverWrittenOver() throws IOException {
        byte[] before = Files.readAllBytes(folder.resolve(TWO));
        try (ShardedCheckpoint set = open(index)) {
            TensorView zeros = ArrayTensor.of("c", TensorShape.of(4), new float[4]);
            set.rewrite(folder.resolve("pruned.safetensors.index.json"), Map.of("c", zeros), Map.of());
            set.rewrite(index, Map.of("c", zeros), Map.of());
            assertArrayEquals(before, Files.readAllBytes(folder.resolve(TWO)));
            assertEquals(
                    List.of(
                            ONE,
                            TWO,
                            "model.2-00001-of-00002.safetensors",
                            "model.2-00002-of-00002.safetensors",
                            "model.safetensors.index.json",
                            "pruned-00001-of-00002.safetensors",
                            "pruned-00002-of-00002.safetensors",
                            "pruned.safetensors.index.json"),
                    files(folder));
        }
        try (ShardedCheckpoint again = open(index)) {
            assertArrayEquals(new float[4], floats(again, "c"));
        }
    }

    @Test
    void aFailedWriteLeavesWhatWasThere() throws IOException {
        Path out = Files.createDirectory(temporary.resolve("out"));
        Path target = out.resolve("model.safetensors.index.json");
        TensorView failing = new TensorView() {
            @Override
            public TensorInfo info() {
                return tensor("c", 4).info();
            }

            @Override
            public void readBytes(long position, ByteBuffer destination) throws IOException {
                throw new IOException("disk on fire");
            }
        };
        try (ShardedCheckpoint set = open(index)) {
            assertThrows(IOException.class, () -> set.rewrite(target, Map.of("c", failing), Map.of()));
            assertEquals(List.of(), files(out));
            Files.writeString(out.resolve(ONE), "old");
            Files.createDirectory(out.resolve(TWO)); // in the way of the second shard, after the first was placed
            assertThrows(IOException.class, () -> set.rewrite(target, Map.of(), Map.of()));
            assertEquals(List.of(ONE, TWO), files(out));
            assertEquals("old", Files.readString(out.resolve(ONE)));
            String found = assertThrows(
                            IllegalArgumentException.class,
                            () -> set.rewrite(out.resolve("model.safetensors"), Map.of(), Map.of()))
                    .getMessage();
            assertTrue(found.contains(".index.json"), found);
            assertThrows(
                    NoSuchFileException.class,
                    () -> set.rewrite(out.resolve("none/m.safetensors.index.json"), Map.of(), Map.of()));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> set.rewrite(target, Map.of("extra", tensor("extra", 1)), Map.of()));
        }
    }

    @Test
    void namesFollowTheTarget() {
        assertEquals(
                List.of("m-00001-of-00001.bin"), ShardNames.of("m.index.json", 1, 1, ".bin"), "the source's extension");
        assertEquals(
                List.of("pytorch_model.3-00001-of-00002.bin", "pytorch_model.3-00002-of-00002.bin"),
                ShardNames.of("pytorch_model.bin.index.json", 2, 3, ".x"));
    }

    @Test
    void anIndexCutShortAnywhereIsRefused() {
        byte[] bytes = INDEX.strip().getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThrows(MalformedFileException.class, () -> ShardIndex.parse(cut, index), length + " bytes");
        }
    }

    @Test
    void damagedIndexesAreReadOrRefused() {
        int refused = ByteMutator.run(List.of(INDEX.getBytes(StandardCharsets.UTF_8)), bytes -> {
            ShardIndex parsed = ShardIndex.parse(bytes, index);
            try (ShardedCheckpoint set = ShardedCheckpoint.open(index, parsed, SafetensorsFile::open)) {
                for (TensorView tensor : set.tensors()) {
                    floats(set, tensor.info().name());
                }
            }
        });
        assertTrue(refused > 0, "no case was refused");
    }
}
