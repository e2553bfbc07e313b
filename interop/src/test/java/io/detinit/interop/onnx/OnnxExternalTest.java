package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Elements in other files: what is believed of where they lie, and how a copy gets its own. */
class OnnxExternalTest {

    @TempDir
    Path folder;

    private static OnnxMl.TensorProto.Builder external(OnnxMl.TensorProto.Builder tensor, String... entries) {
        tensor.setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL);
        for (int k = 0; k < entries.length; k += 2) {
            tensor.addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                    .setKey(entries[k])
                    .setValue(entries[k + 1]));
        }
        return tensor;
    }

    private static OnnxMl.TensorProto.Builder weight(String... entries) {
        return external(TestModels.tensor("w", 1, 2), entries);
    }

    private Path model(OnnxMl.TensorProto.Builder... tensors) throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().setName("g");
        for (OnnxMl.TensorProto.Builder tensor : tensors) {
            graph.addInitializer(tensor);
        }
        return TestModels.write(folder, graph);
    }

    private void data(String name, float... values) throws IOException {
        Files.write(folder.resolve(name), TestModels.floats(values).toByteArray());
    }

    private static float[] floats(OnnxCheckpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static void refused(Path file, String... parts) {
        MalformedFileException e = assertThrows(
                MalformedFileException.class, () -> OnnxCheckpoint.open(file).close());
        for (String part : parts) {
            assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
        }
        assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
    }

    @Test
    void elementsAreReadWhereTheyLie() throws IOException {
        Files.createDirectory(folder.resolve("sub"));
        data("sub/a.bin", 1, 2, 3, 4);
        Path file = model(
                weight("location", "sub/a.bin", "offset", "8", "length", "8"),
                external(TestModels.tensor("all", 1, 2, 2), "location", "./sub/../sub/a.bin"),
                external(TestModels.tensor("padded", 1, 1), "location", "sub/a.bin", "length", "16"),
                external(TestModels.tensor("none", 1, 0), "location", "sub/a.bin", "offset", "16"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {3, 4}, floats(c, "w"));
            assertArrayEquals(new float[] {1, 2, 3, 4}, floats(c, "all"));
            assertArrayEquals(new float[] {1}, floats(c, "padded"));
            assertArrayEquals(new float[0], floats(c, "none"));
            assertEquals("a.bin, byte 8", c.find("w").orElseThrow().location());
            assertTrue(c.find("w").orElseThrow().view(0, 8).isDirect(), "mapped, not copied");
            assertEquals(List.of(), c.warnings());
        }
    }

    @Test
    void otherKeysAreIgnoredAndNamed() throws IOException {
        data("a.bin", 1, 2);
        Path file = model(weight(
                "location", "a.bin", "checksum", "0", "basepath", "/x", "prepacked_0", "y", "purpose", "unknown"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {1, 2}, floats(c, "w"));
            assertEquals(
                    List.of("initializer 'w': external_data has the key 'purpose', which is ignored"), c.warnings());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "/etc/passwd",
                "../a.bin",
                "sub/../../a.bin",
                "..",
                "C:a.bin",
                "C:\\a.bin",
                "..\\a.bin",
                "a\nb",
                "a\0b",
                "*/_ORT_MEM_ADDR_/*",
                "sub",
                "a.bin/b"
            })
    void aLocationThatIsNotAFileInTheFolderIsRefused(String location) throws IOException {
        Path inside = Files.createDirectory(folder.resolve("inside"));
        Files.createDirectory(inside.resolve("sub"));
        data("a.bin", 1, 2);
        data("inside/a.bin", 1, 2);
        Path file =
                TestModels.write(inside, OnnxMl.GraphProto.newBuilder().addInitializer(weight("location", location)));
        refused(file, "'w'", "external_data location");
    }

    @Test
    void symbolicLinksAreRefused() throws IOException {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Path inside = Files.createDirectory(folder.resolve("inside"));
        data("outside/a.bin", 1, 2);
        Files.createSymbolicLink(inside.resolve("a.bin"), outside.resolve("a.bin"));
        Files.createSymbolicLink(inside.resolve("dir"), outside);
        for (String location : List.of("a.bin", "dir/a.bin")) {
            Path file = TestModels.write(
                    inside, OnnxMl.GraphProto.newBuilder().addInitializer(weight("location", location)));
            refused(file, "'" + location + "'", "without symbolic links");
        }
    }

    @Test
    void rangesOutsideTheFileAreRefused() throws IOException {
        data("a.bin", 1, 2);
        refused(model(weight("location", "a.bin", "offset", "4")), "bytes 4 to 12", "inside its 8 bytes");
        refused(model(weight("location", "a.bin", "offset", "9", "length", "0")), "found 0 bytes, expected 8 bytes");
        refused(model(weight("location", "a.bin", "length", "12")), "bytes 0 to 12");
        refused(model(weight("location", "a.bin", "length", "4")), "length", "found 4 bytes, expected 8 bytes");
        refused(model(weight("location", "a.bin", "offset", "-1")), "offset", "'-1'");
        refused(model(weight("location", "a.bin", "offset", "0x0")), "'0x0'", "decimal");
        refused(model(weight("location", "a.bin", "offset", "9223372036854775807")), "decimal");
        refused(model(weight("location", "a.bin", "offset", "999999999999999999")), "inside its 8 bytes");
    }

    @Test
    void ambiguousReferencesAreRefused() throws IOException {
        data("a.bin", 1, 2);
        refused(model(weight("offset", "0")), "no location");
        refused(model(weight("location", "a.bin", "location", "b.bin")), "a second location");
        refused(model(weight("location", "a.bin").addFloatData(1)), "float_data and external data");
        refused(
                model(TestModels.raw("w", new long[] {1}, 1).setUnknownFields(unknownLocation())),
                "data_location",
                "found 7");
    }

    private static UnknownFieldSet unknownLocation() {
        return UnknownFieldSet.newBuilder()
                .addField(14, UnknownFieldSet.Field.newBuilder().addVarint(7).build())
                .build();
    }

    @Test
    void aMissingFileIsAnIoErrorThatNamesTheTensor() throws IOException {
        Path file = model(weight("location", "gone/a.bin"));
        NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> OnnxCheckpoint.open(file));
        assertEquals(
                folder.resolve("gone").toAbsolutePath() + ": no such file; it holds initializer 'w' of " + file,
                e.getMessage());
    }

    // Writing

    private Path shared() throws IOException {
        data("a.bin", 1, 2, 3, 4);
        data("b.bin", 5, 6);
        return model(
                weight("location", "a.bin", "offset", "8", "checksum", "0"),
                external(TestModels.tensor("same", 1, 1, 2), "location", "a.bin", "offset", "8"),
                external(TestModels.tensor("other", 1, 2), "location", "b.bin"),
                external(TestModels.tensor("empty", 1, 0), "location", "b.bin"),
                TestModels.raw("inline", new long[] {1}, 7));
    }

    private static ArrayTensor of(OnnxCheckpoint c, String name, float... values) {
        TensorInfo info = c.find(name).orElseThrow().info();
        return ArrayTensor.of(info, ByteBuffer.wrap(TestModels.floats(values).toByteArray()));
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aCopyHasItsOwnDataFile() throws IOException {
        Path file = shared();
        Path out = Files.createDirectory(folder.resolve("out"));
        Path copy = out.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of("same", of(c, "same", 8, 9), "inline", of(c, "inline", 10)), Map.of());
        }
        assertEquals(List.of("copy.onnx", "copy.onnx.data"), names(out));
        Files.delete(folder.resolve("a.bin"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertArrayEquals(new float[] {3, 4}, floats(c, "w"));
            assertArrayEquals(new float[] {8, 9}, floats(c, "same"));
            assertArrayEquals(new float[] {5, 6}, floats(c, "other"));
            assertArrayEquals(new float[] {10}, floats(c, "inline"));
            assertEquals(TensorShape.of(0), c.find("empty").orElseThrow().info().shape());
        }
        OnnxMl.GraphProto graph =
                OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy)).getGraph();
        assertEquals(
                Map.of("location", "copy.onnx.data", "offset", "4096", "length", "8"),
                entries(graph.getInitializer(1)));
        assertEquals(
                Map.of("location", "copy.onnx.data", "offset", "0", "length", "8"), entries(graph.getInitializer(0)));
        assertEquals(0, graph.getInitializer(3).getExternalDataCount());
        assertFalse(graph.getInitializer(3).hasDataLocation());
        assertEquals(8192 + 8, Files.size(out.resolve("copy.onnx.data")));
    }

    private static Map<String, String> entries(OnnxMl.TensorProto tensor) {
        Map<String, String> entries = new java.util.HashMap<>();
        tensor.getExternalDataList().forEach(e -> entries.put(e.getKey(), e.getValue()));
        assertEquals(entries.size(), tensor.getExternalDataCount());
        return entries;
    }

    @Test
    void sharedElementsAreCopiedOnce() throws IOException {
        Path file = shared();
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of(), Map.of());
        }
        OnnxMl.GraphProto graph =
                OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy)).getGraph();
        assertEquals(entries(graph.getInitializer(0)), entries(graph.getInitializer(1)));
        assertEquals(4096 + 8, Files.size(folder.resolve("copy.onnx.data")));
    }

    /** Two names for the same bytes, such as an output layer tied to an embedding: a replacement of either is one of both. */
    @Test
    void tiedTensorsStayTied() throws IOException {
        data("a.bin", 1, 2, 3, 4);
        Path file = model(
                weight("location", "a.bin"),
                external(TestModels.tensor("tied", 1, 2), "location", "a.bin", "length", "8"),
                external(TestModels.tensor("beside", 1, 2), "location", "a.bin", "offset", "8"),
                external(TestModels.tensor("bits", 6, 2), "location", "a.bin"));
        Path copy = folder.resolve("copy.onnx");
        for (String replaced : List.of("w", "tied")) {
            try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
                assertEquals(Map.of("tied", "w"), c.tied());
                c.rewrite(copy, Map.of(replaced, of(c, replaced, 8, 9)), Map.of());
            }
            try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
                assertEquals(Map.of("tied", "w"), c.tied());
                assertArrayEquals(new float[] {8, 9}, floats(c, "w"));
                assertArrayEquals(new float[] {8, 9}, floats(c, "tied"));
                assertArrayEquals(new float[] {3, 4}, floats(c, "beside"));
            }
        }
    }

    @Test
    void noDataFileThatIsThereIsTouched() throws IOException {
        Path file = shared();
        byte[] before = Files.readAllBytes(folder.resolve("a.bin"));
        Path copy = folder.resolve("copy.onnx");
        data("copy.onnx.data", 1);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of("w", of(c, "w", 8, 9)), Map.of());
            c.rewrite(file, Map.of("w", of(c, "w", 10, 11)), Map.of());
        }
        assertArrayEquals(before, Files.readAllBytes(folder.resolve("a.bin")));
        assertEquals(4, Files.size(folder.resolve("copy.onnx.data")));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy);
                OnnxCheckpoint replaced = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {8, 9}, floats(c, "w"));
            assertEquals("copy.onnx.2.data, byte 0", c.find("w").orElseThrow().location());
            assertArrayEquals(new float[] {10, 11}, floats(replaced, "w"));
            assertArrayEquals(new float[] {3, 4}, floats(replaced, "same"));
        }
    }

    /** Setting metadata of a model in place moves no elements. */
    @Test
    void inPlaceOnlyChangedElementsMakeADataFile() throws IOException {
        Path file = shared();
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(file, Map.of("inline", of(c, "inline", 10)), Map.of("k", "v"));
        }
        assertEquals(List.of("a.bin", "b.bin", "model.onnx"), names(folder));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {3, 4}, floats(c, "w"));
            assertEquals(Map.of("k", "v"), c.metadata());
        }
    }

    @Test
    void failureLeavesNothing() throws IOException {
        Path file = shared();
        List<String> before = names(folder);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            for (String name : List.of("w", "inline")) { // in the data file, in the model behind a finished data file
                TensorInfo info = c.find(name).orElseThrow().info();
                TensorView failing = new TensorView() {
                    @Override
                    public TensorInfo info() {
                        return info;
                    }

                    @Override
                    public void readBytes(long position, ByteBuffer destination) throws IOException {
                        throw new IOException("gone");
                    }
                };
                assertThrows(
                        IOException.class, () -> c.rewrite(folder.resolve("c.onnx"), Map.of(name, failing), Map.of()));
                assertEquals(before, names(folder));
            }
        }
    }

    @Test
    void aModelThatGrowsTooLargeKeepsItsReplacedTensorsOutside() throws IOException {
        OnnxMl.TensorProto.Builder typed = TestModels.tensor("big", 7, 1000);
        for (int k = 0; k < 1000; k++) {
            typed.addInt64Data(1); // a byte each, 8 as raw_data
        }
        Path file = model(typed, TestModels.raw("small", new long[] {1}, 7));
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            Map<String, TensorView> all = Map.of("big", c.find("big").orElseThrow(), "small", of(c, "small", 8));
            c.rewrite(copy, all, Map.of(), 2000);
            IOException e = assertThrows(IOException.class, () -> c.rewrite(copy, all, Map.of(), 20));
            assertTrue(String.valueOf(e.getMessage()).contains("at most 20"), e.getMessage());
        }
        assertTrue(Files.size(copy) < 2000);
        assertEquals(8000, Files.size(folder.resolve("copy.onnx.data")));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertEquals(1, c.find("big").orElseThrow().view(7992, 8).getLong(0));
            assertArrayEquals(new float[] {8}, floats(c, "small"));
        }
    }

    /** A tensor that is not read cannot be copied along. */
    @Test
    void unreadExternalDataStaysInItsFolder() throws IOException {
        OnnxMl.AttributeProto.Builder attribute = OnnxMl.AttributeProto.newBuilder()
                .setName("table")
                .setT(external(TestModels.tensor("", 1, 2), "location", "a.bin"));
        Path file = TestModels.write(
                folder,
                TestModels.linear().addNode(TestModels.node("Custom", "z", "y").addAttribute(attribute)));
        Path out = Files.createDirectory(folder.resolve("out"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertEquals(
                    List.of("attribute table of node 'z' has external data and is kept but not read"), c.warnings());
            c.rewrite(folder.resolve("copy.onnx"), Map.of(), Map.of());
            MalformedFileException e = assertThrows(
                    MalformedFileException.class, () -> c.rewrite(out.resolve("copy.onnx"), Map.of(), Map.of()));
            assertTrue(String.valueOf(e.getMessage()).contains("write into the folder"), e.getMessage());
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(folder.resolve("copy.onnx")));
    }

    @Test
    void constantNodesMayBeExternalToo() throws IOException {
        data("a.bin", 1, 2);
        Path file = TestModels.write(
                folder,
                OnnxMl.GraphProto.newBuilder()
                        .addNode(OnnxMl.NodeProto.newBuilder()
                                .setOpType("Constant")
                                .addOutput("c")
                                .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                        .setName("value")
                                        .setT(weight("location", "a.bin")))));
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertArrayEquals(new float[] {1, 2}, floats(c, "c"));
            c.rewrite(copy, Map.of("c", of(c, "c", 3, 4)), Map.of());
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertArrayEquals(new float[] {3, 4}, floats(c, "c"));
            assertEquals("copy.onnx.data, byte 0", c.find("c").orElseThrow().location());
        }
        assertEquals(
                ByteString.EMPTY,
                OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy))
                        .getGraph()
                        .getNode(0)
                        .getAttribute(0)
                        .getT()
                        .getRawData());
    }
}
