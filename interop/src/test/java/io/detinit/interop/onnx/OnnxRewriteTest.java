package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRewriteTest {

    @TempDir
    Path folder;

    private static final TensorView W = ArrayTensor.of("W", TensorShape.of(3, 2), new float[] {9, 8, 7, 6, 5, -0f});

    private static OnnxMl.ModelProto.Builder model() {
        OnnxMl.GraphProto.Builder graph = TestModels.linear()
                .addInitializer(TestModels.tensor("half", 10, 2).addInt32Data(1).addInt32Data(2))
                .addInitializer(TestModels.tensor("text", 8, 1)
                        .addStringData(com.google.protobuf.ByteString.copyFromUtf8("kept")))
                .setUnknownFields(TestModels.unknown());
        graph.getInitializerBuilder(3).setDocString("doc").setUnknownFields(TestModels.unknown());
        return TestModels.model(graph)
                .addMetadataProps(entry("keep", "1"))
                .addMetadataProps(entry("set", "old"))
                .setUnknownFields(TestModels.unknown());
    }

    private static OnnxMl.StringStringEntryProto.Builder entry(String key, String value) {
        return OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(value);
    }

    @Test
    void withNothingToReplaceTheCopyIsIdentical() throws IOException {
        Path file = TestModels.write(folder, model());
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of(), Map.of("keep", "1"));
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy));
    }

    @Test
    void replacingATensorByItselfChangesNothing() throws IOException {
        OnnxMl.ModelProto.Builder model = TestModels.model(TestModels.linear());
        Path file = TestModels.write(folder, model);
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of("W", c.tensors().get(0), "s", c.find("s").orElseThrow()), Map.of());
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy));
    }

    /** The expected model is made with the ONNX classes; unknown fields and the kept initializers take part in equals. */
    @Test
    void onlyTheReplacedTensorsAndEntriesChange() throws IOException {
        Path file = TestModels.write(folder, model());
        Path copy = folder.resolve("copy.onnx");
        TensorView half = ArrayTensor.of(
                new TensorInfo("half", DType.F16, TensorShape.of(2), TensorInfo.Kind.PARAMETER),
                ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(copy, Map.of("W", W, "half", half), Map.of("set", "new", "detinit.plan", "{}"));
        }
        OnnxMl.ModelProto found = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy));
        OnnxMl.ModelProto.Builder expected = model();
        expected.getGraphBuilder().getInitializerBuilder(3).setRawData(TestModels.floats(9, 8, 7, 6, 5, -0f));
        expected.getGraphBuilder()
                .getInitializerBuilder(4)
                .clearInt32Data()
                .setRawData(com.google.protobuf.ByteString.copyFrom(new byte[] {1, 2, 3, 4}));
        expected.clearMetadataProps().addMetadataProps(entry("keep", "1"));
        assertEquals(
                expected.build(),
                found.toBuilder()
                        .clearMetadataProps()
                        .addMetadataProps(found.getMetadataProps(0))
                        .build());
        try (OnnxCheckpoint c = OnnxCheckpoint.open(copy)) {
            assertEquals(Map.of("keep", "1", "set", "new", "detinit.plan", "{}"), c.metadata());
            assertEquals(3, found.getMetadataPropsCount());
            assertEquals("half", c.find("half").orElseThrow().info().name());
        }
    }

    @Test
    void theTargetMayBeTheSource() throws IOException {
        Path file = TestModels.write(folder, model());
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            c.rewrite(file, Map.of("W", W), Map.of());
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            float[] values = new float[6];
            c.find("W").orElseThrow().readFloats(0, values, 0, 6);
            assertArrayEquals(new float[] {9, 8, 7, 6, 5, -0f}, values);
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    /** A replacement that is bigger on disk than the typed field it replaces changes the lengths of all messages around it. */
    @Test
    void lengthsThatNeedMoreBytesAreEncodedAnew() throws IOException {
        OnnxMl.TensorProto.Builder tensor = TestModels.tensor("i", 7, 100);
        for (int k = 0; k < 100; k++) {
            tensor.addInt64Data(k % 2);
        }
        Path file = TestModels.write(folder, OnnxMl.GraphProto.newBuilder().addInitializer(tensor));
        Path copy = folder.resolve("copy.onnx");
        byte[] elements = new byte[800];
        java.util.Arrays.fill(elements, (byte) 3);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            TensorInfo info = c.tensors().get(0).info();
            c.rewrite(copy, Map.of("i", ArrayTensor.of(info, ByteBuffer.wrap(elements))), Map.of());
        }
        OnnxMl.TensorProto found =
                OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy)).getGraph().getInitializer(0);
        assertArrayEquals(elements, found.getRawData().toByteArray());
        assertEquals(0, found.getInt64DataCount());
    }

    @Test
    void aReplacementThatDoesNotFitIsRefused() throws IOException {
        Path file = TestModels.write(folder, model());
        Path copy = folder.resolve("copy.onnx");
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            refused(c, copy, "none", W, "no tensor 'none'");
            refused(c, copy, "b", W, "'b': the replacement is F32 [3, 2], the file has F32 [3]");
            refused(c, copy, "half", ArrayTensor.of("half", TensorShape.of(2), new float[2]), "the file has F16 [2]");
            refused(c, copy, "text", W, "no tensor 'text'");
        }
        assertTrue(Files.notExists(copy));
    }

    private static void refused(OnnxCheckpoint c, Path copy, String name, TensorView tensor, String part) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> c.rewrite(copy, Map.of(name, tensor), Map.of()));
        assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
    }

    @Test
    void aFailingReplacementLeavesNothing() throws IOException {
        Path file = TestModels.write(folder, model());
        TensorView failing = new TensorView() {
            @Override
            public TensorInfo info() {
                return W.info();
            }

            @Override
            public void readBytes(long position, ByteBuffer destination) throws IOException {
                throw new IOException("gone");
            }
        };
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertThrows(IOException.class, () -> c.rewrite(folder.resolve("c.onnx"), Map.of("W", failing), Map.of()));
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }
}
