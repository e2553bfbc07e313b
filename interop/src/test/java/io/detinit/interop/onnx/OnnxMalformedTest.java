package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One test for each way to be wrong, then every truncation and many damaged bytes. */
class OnnxMalformedTest {

    @TempDir
    Path folder;

    private void refused(Path file, String... parts) {
        MalformedFileException e = assertThrows(
                MalformedFileException.class, () -> OnnxCheckpoint.open(file).close());
        for (String part : parts) {
            assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
        }
        assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
    }

    private void refused(OnnxMl.TensorProto.Builder tensor, String... parts) throws IOException {
        refused(TestModels.write(folder, OnnxMl.GraphProto.newBuilder().addInitializer(tensor)), parts);
    }

    private Path bytes(byte... content) throws IOException {
        return Files.write(folder.resolve("b.onnx"), content);
    }

    private Path bytes(int... content) throws IOException {
        byte[] bytes = new byte[content.length];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) content[k];
        }
        return bytes(bytes);
    }

    @Test
    void emptyFile() throws IOException {
        refused(bytes(new byte[0]), "no graph");
    }

    @Test
    void notProtobuf() throws IOException {
        refused(bytes("<!DOCTYPE html>".getBytes(StandardCharsets.UTF_8)), "byte 0", "wire type 4");
    }

    @Test
    void noGraph() throws IOException {
        refused(bytes(0x08, 0x08), "found no graph");
    }

    @Test
    void noIrVersion() throws IOException {
        refused(TestModels.write(folder, TestModels.model(TestModels.linear()).clearIrVersion()), "ir_version");
    }

    @Test
    void twoGraphs() throws IOException {
        refused(bytes(0x08, 0x08, 0x3A, 0x00, 0x3A, 0x00), "byte 4", "a second graph");
    }

    @Test
    void graphOfTheWrongWireType() throws IOException {
        refused(bytes(0x08, 0x08, 0x38, 0x01), "graph", "wire type 0");
    }

    @Test
    void fieldNumberZero() throws IOException {
        refused(bytes(0x02, 0x00), "tag 2");
    }

    @Test
    void numberTooLong() throws IOException {
        refused(bytes(0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), "more than 10 bytes");
    }

    @Test
    void lengthBeyondTheFile() throws IOException {
        refused(bytes(0x08, 0x08, 0x3A, 0x05, 0x00), "found 5 bytes, expected at most the 1 bytes");
    }

    @Test
    void lengthBeyond63Bits() throws IOException {
        refused(
                bytes(0x3A, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
                "found 18446744073709551615 bytes",
                "expected at most the 0 bytes");
    }

    @Test
    void initializerBeyondItsGraph() throws IOException {
        refused(bytes(0x08, 0x08, 0x3A, 0x02, 0x2A, 0x04, 0x12, 0x00, 0x12, 0x00), "found 4 bytes");
    }

    @Test
    void unnamedInitializer() throws IOException {
        refused(TestModels.raw("", new long[] {1}, 1), "initializer 0", "no name");
    }

    @Test
    void nameThatIsNotText() throws IOException {
        refused(TestModels.raw("x", new long[] {1}, 1).setNameBytes(ByteString.copyFrom(new byte[] {-1})), "UTF-8");
    }

    @Test
    void nameTooLong() throws IOException {
        refused(TestModels.raw("n".repeat(5000), new long[] {1}, 1), "5000 bytes", "4096");
    }

    @Test
    void duplicateNames() throws IOException {
        refused(
                TestModels.write(folder, TestModels.linear().addInitializer(TestModels.raw("W", new long[] {1}, 1))),
                "'W'",
                "a second one");
    }

    @Test
    void noDataType() throws IOException {
        refused(TestModels.raw("w", new long[] {1}, 1).clearDataType(), "'w'", "no data type");
    }

    @Test
    void negativeDim() throws IOException {
        refused(TestModels.raw("w", new long[] {-1}, 1), "'w', dims", "found -1");
    }

    @Test
    void tooManyElements() throws IOException {
        refused(TestModels.raw("w", new long[] {1L << 40, 1L << 40}, 1), "'w', dims", "[1099511627776, 1099511627776]");
    }

    @Test
    void tooManyBytes() throws IOException {
        refused(TestModels.raw("w", new long[] {1L << 62}, 1), "fewer than 2^63 bytes");
    }

    @Test
    void tooManyAxes() throws IOException {
        long[] dims = new long[300];
        Arrays.fill(dims, 1);
        refused(TestModels.raw("w", dims, 1), "more than 255 axes");
    }

    @Test
    void rawDataTooShort() throws IOException {
        refused(TestModels.raw("w", new long[] {2, 2}, 1, 2, 3), "found 12 bytes, expected 16 bytes (FLOAT [2, 2])");
    }

    @Test
    void rawDataTooLong() throws IOException {
        refused(TestModels.raw("w", new long[] {2}, 1, 2, 3), "found 12 bytes, expected 8 bytes");
    }

    @Test
    void rawDataEmpty() throws IOException {
        refused(TestModels.tensor("w", 1, 2).setRawData(ByteString.EMPTY), "found 0 bytes, expected 8");
    }

    @Test
    void noData() throws IOException {
        refused(TestModels.tensor("w", 1, 2), "no elements", "8 bytes");
    }

    @Test
    void tooFewTypedValues() throws IOException {
        refused(TestModels.tensor("w", 7, 3).addInt64Data(1), "found 1 values, expected 3 (INT64 [3])");
    }

    @Test
    void tooManyTypedFloats() throws IOException {
        refused(TestModels.tensor("w", 1, 1).addFloatData(1).addFloatData(2), "found 2 values, expected 1");
    }

    @Test
    void raggedPackedFloats() throws IOException {
        OnnxMl.TensorProto.Builder tensor = TestModels.tensor("w", 1, 1);
        tensor.setUnknownFields(UnknownFieldSet.newBuilder()
                .addField(
                        4,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFrom(new byte[5]))
                                .build())
                .build());
        refused(tensor, "found 5 bytes, expected a multiple of 4");
    }

    @Test
    void fieldOfTheWrongType() throws IOException {
        refused(TestModels.tensor("w", 1, 1).addInt64Data(1), "int64_data", "float_data or raw_data as FLOAT");
    }

    @Test
    void twoDataFields() throws IOException {
        refused(TestModels.raw("w", new long[] {1}, 1).addFloatData(1), "elements in one field");
    }

    @Test
    void valueTooLargeForItsType() throws IOException {
        refused(TestModels.tensor("w", 10, 1).addInt32Data(65536), "the value 65536", "16 bits as FLOAT16");
        refused(TestModels.tensor("w", 3, 1).addInt32Data(-129), "the value -129", "8 bits as INT8");
        refused(TestModels.tensor("w", 12, 1).addUint64Data(1L << 32), "4294967296", "32 bits as UINT32");
    }

    @Test
    void segment() throws IOException {
        refused(
                TestModels.raw("w", new long[] {1}, 1)
                        .setSegment(OnnxMl.TensorProto.Segment.newBuilder()
                                .setBegin(0)
                                .setEnd(1)),
                "segments");
    }

    @Test
    void bodiesNestedTooDeep() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().setName("innermost");
        for (int depth = 0; depth < 40; depth++) {
            graph = OnnxMl.GraphProto.newBuilder()
                    .addNode(TestModels.node("If", "o", "c")
                            .addAttribute(OnnxMl.AttributeProto.newBuilder().setG(graph)));
        }
        refused(TestModels.write(folder, graph), "nested more than 32");
    }

    @Test
    void moreThanTwoGibibytes() throws IOException {
        Path file = folder.resolve("huge.onnx");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 31);
        }
        refused(file, "2147483648 bytes", "2147483647");
    }

    @Test
    void aManyTinyNodesFileNeedsNoMemory() throws IOException {
        byte[] nodes = new byte[40_000_000]; // 20 million empty nodes: gigabytes as objects
        for (int k = 0; k < nodes.length; k += 2) {
            nodes[k] = 0x0A;
        }
        ByteBuffer file = ByteBuffer.allocate(nodes.length + 16);
        file.put(new byte[] {0x08, 0x08, 0x3A, (byte) 0x80, (byte) 0xB4, (byte) 0x89, 0x13})
                .put(nodes);
        Path path = Files.write(folder.resolve("nodes.onnx"), Arrays.copyOf(file.array(), file.position()));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(path)) {
            assertEquals(0, checkpoint.tensors().size());
        }
    }

    private static OnnxMl.ModelProto.Builder rich() {
        OnnxMl.GraphProto.Builder body = OnnxMl.GraphProto.newBuilder().addNode(TestModels.node("Neg", "n", "s"));
        OnnxMl.ModelProto.Builder model = TestModels.model(TestModels.linear()
                .addNode(TestModels.node("If", "z", "i")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder().setG(body)))
                .addInitializer(TestModels.tensor("i", 7, 2).addInt64Data(-1).addInt64Data(300))
                .addInitializer(TestModels.tensor("h", 10, 2).addInt32Data(1).addInt32Data(2))
                .addInitializer(TestModels.tensor("d", 11, 1).addDoubleData(3)));
        return model.addMetadataProps(
                        OnnxMl.StringStringEntryProto.newBuilder().setKey("k").setValue("v"))
                .setUnknownFields(TestModels.unknown());
    }

    /** Opens and reads all; true where the file is well-formed. Anything but MalformedFileException fails the test. */
    private static boolean read(Path file) throws IOException {
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
            for (TensorView tensor : checkpoint.tensors()) {
                tensor.readBytes(
                        0, ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes())));
            }
            return true;
        } catch (MalformedFileException e) {
            return false;
        }
    }

    @Test
    void everyTruncation() throws IOException {
        byte[] whole = rich().build().toByteArray();
        int wellFormed = 0;
        for (int length = 0; length < whole.length; length++) {
            wellFormed += read(Files.write(folder.resolve("t.onnx"), Arrays.copyOf(whole, length))) ? 1 : 0;
        }
        assertTrue(read(Files.write(folder.resolve("t.onnx"), whole)));
        // Only a cut between two top-level fields behind the graph leaves a model: opset_import, metadata, 4 unknown
        // ones.
        assertTrue(wellFormed <= 6, wellFormed + " truncations were read");
    }

    @Test
    void damagedBytes() throws IOException {
        long seed = Long.getLong("detinit.test.seed", 20260101L);
        Random random = new Random(seed);
        byte[] whole = rich().build().toByteArray();
        int refused = 0;
        for (int k = 0; k < 500; k++) {
            byte[] damaged = whole.clone();
            for (int n = random.nextInt(3); n >= 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean() ? random.nextInt(256) : 0xFF);
            }
            refused += read(Files.write(folder.resolve("d.onnx"), damaged)) ? 0 : 1;
        }
        assertTrue(refused > 0, "seed " + seed);
    }
}
