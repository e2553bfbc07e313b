package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxCheckpointTest {

    @TempDir
    Path folder;

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, all);
        return all.array();
    }

    private static String hex(OnnxCheckpoint checkpoint, String name) throws IOException {
        return HexFormat.of().formatHex(bytes(checkpoint.find(name).orElseThrow()));
    }

    private static List<String> names(OnnxCheckpoint checkpoint) {
        return checkpoint.tensors().stream().map(t -> t.info().name()).toList();
    }

    @Test
    void tensorsComeInOrderOfFirstUse() throws IOException {
        Path file = TestModels.write(
                folder,
                TestModels.linear()
                        .addInitializer(TestModels.tensor("axes", 7, 1).addInt64Data(1))
                        .addNode(TestModels.node("Squeeze", "q", "y", "axes", "", "W")));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(file)) {
            assertEquals(List.of("W", "b", "s", "axes", "unused"), names(checkpoint));
            assertEquals("onnx", checkpoint.format());
            assertEquals(file, checkpoint.path());
            TensorView w = checkpoint.tensors().get(0);
            assertEquals(TensorShape.of(3, 2), w.info().shape());
            assertEquals(DType.F32, w.info().dtype());
            assertEquals(Kind.PARAMETER, w.info().kind());
            assertEquals(
                    Kind.CONSTANT, checkpoint.find("axes").orElseThrow().info().kind());
            assertEquals(
                    Kind.CONSTANT,
                    checkpoint.find("unused").orElseThrow().info().kind());
            assertTrue(checkpoint.find("x").isEmpty());
            float[] values = new float[4];
            w.readFloats(1, values, 1, 3);
            assertArrayEquals(new float[] {0, 2, 3, 4}, values);
        }
    }

    @Test
    void aUseInsideABodyCounts() throws IOException {
        OnnxMl.GraphProto.Builder body =
                OnnxMl.GraphProto.newBuilder().setName("then").addNode(TestModels.node("Identity", "t", "s"));
        OnnxMl.GraphProto.Builder outer = OnnxMl.GraphProto.newBuilder()
                .setName("else")
                .addNode(TestModels.node("If", "e", "c")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("then_branch")
                                .addGraphs(body)));
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .addNode(TestModels.node("If", "o", "c")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("else_branch")
                                .setG(outer)))
                .addNode(TestModels.node("Identity", "i", "r"))
                .addInitializer(TestModels.raw("r", new long[0], 1))
                .addInitializer(TestModels.raw("s", new long[0], 2))
                .addInitializer(TestModels.tensor("c", 9).addInt32Data(1));
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            assertEquals(List.of("c", "s", "r"), names(checkpoint));
            assertEquals(TensorShape.of(), checkpoint.tensors().get(1).info().shape());
        }
    }

    /** Bit patterns worked out by hand from IEEE 754 and two's complement. */
    @Test
    void typedFieldsAreReadAsLittleEndianBytes() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .addInitializer(TestModels.tensor("f32", 1, 2).addFloatData(1).addFloatData(-2))
                .addInitializer(TestModels.tensor("u8", 2, 2).addInt32Data(255).addInt32Data(1))
                .addInitializer(TestModels.tensor("i8", 3, 2).addInt32Data(-1).addInt32Data(127))
                .addInitializer(TestModels.tensor("u16", 4, 1).addInt32Data(0xFFFE))
                .addInitializer(TestModels.tensor("i16", 5, 1).addInt32Data(-2))
                .addInitializer(TestModels.tensor("i32", 6, 1).addInt32Data(-3))
                .addInitializer(TestModels.tensor("i64", 7, 2).addInt64Data(-1).addInt64Data(258))
                .addInitializer(TestModels.tensor("bool", 9, 2).addInt32Data(1).addInt32Data(0))
                .addInitializer(
                        TestModels.tensor("f16", 10, 2).addInt32Data(0x3C00).addInt32Data(0xC000))
                .addInitializer(TestModels.tensor("f64", 11, 1).addDoubleData(1))
                .addInitializer(TestModels.tensor("u32", 12, 1).addUint64Data(0xFFFFFFFEL))
                .addInitializer(TestModels.tensor("u64", 13, 1).addUint64Data(-2))
                .addInitializer(TestModels.tensor("c64", 14, 1).addFloatData(1).addFloatData(2))
                .addInitializer(TestModels.tensor("bf16", 16, 1).addInt32Data(0x3F80))
                .addInitializer(TestModels.tensor("f8", 17, 1).addInt32Data(0x38))
                .addInitializer(TestModels.tensor("empty", 1, 0, 3));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            assertEquals("0000803f000000c0", hex(c, "f32"));
            assertEquals("ff01", hex(c, "u8"));
            assertEquals("ff7f", hex(c, "i8"));
            assertEquals("feff", hex(c, "u16"));
            assertEquals("feff", hex(c, "i16"));
            assertEquals("fdffffff", hex(c, "i32"));
            assertEquals("ffffffffffffffff0201000000000000", hex(c, "i64"));
            assertEquals("0100", hex(c, "bool"));
            assertEquals("003c00c0", hex(c, "f16"));
            assertEquals("000000000000f03f", hex(c, "f64"));
            assertEquals("feffffff", hex(c, "u32"));
            assertEquals("feffffffffffffff", hex(c, "u64"));
            assertEquals("0000803f00000040", hex(c, "c64"));
            assertEquals("803f", hex(c, "bf16"));
            assertEquals("38", hex(c, "f8"));
            assertEquals("", hex(c, "empty"));
            assertEquals(DType.F8_E4M3, c.find("f8").orElseThrow().info().dtype());
            ByteBuffer middle = ByteBuffer.allocate(3);
            c.find("i64").orElseThrow().readBytes(7, middle);
            assertArrayEquals(new byte[] {-1, 2, 1}, middle.array());
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> c.find("i64").orElseThrow().readBytes(14, ByteBuffer.allocate(3)));
        }
    }

    /** A repeated field may be packed, unpacked or both, in several pieces. */
    @Test
    void unpackedAndSplitFieldsAreRead() throws IOException {
        ByteArrayOutputStream tensor = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(tensor);
        out.writeByteArray(1, new byte[] {5}); // dims, packed
        out.writeInt32(2, 1);
        out.writeString(8, "w");
        out.writeFloat(4, 1);
        out.writeFloat(4, 2);
        out.writeByteArray(4, TestModels.floats(3, 4, 5).toByteArray());
        out.flush();
        ByteArrayOutputStream ints = new ByteArrayOutputStream();
        out = CodedOutputStream.newInstance(ints);
        out.writeInt64(1, 2);
        out.writeInt32(2, 6);
        out.writeString(8, "i");
        out.writeInt32(5, -9);
        out.writeInt32(5, 9);
        out.flush();
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                5,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(ByteString.copyFrom(tensor.toByteArray()))
                                        .addLengthDelimited(ByteString.copyFrom(ints.toByteArray()))
                                        .build())
                        .build());
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            float[] values = new float[5];
            c.find("w").orElseThrow().readFloats(0, values, 0, 5);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5}, values);
            assertEquals("f7ffffff09000000", hex(c, "i"));
        }
    }

    @Test
    void whatIsNotReadIsNamed() throws IOException {
        Path file = TestModels.write(
                folder,
                TestModels.linear()
                        .addInitializer(TestModels.tensor("n", 99, 2).setRawData(ByteString.copyFrom(new byte[] {1})))
                        .addInitializer(TestModels.tensor("t", 8, 1).addStringData(ByteString.copyFromUtf8("hi"))));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            assertEquals(List.of("W", "b", "s", "unused"), names(c));
            assertEquals(
                    List.of(
                            "initializer 'n' of type data type 99 is kept but not read",
                            "initializer 't' of type STRING is kept but not read"),
                    c.warnings());
        }
    }

    /** Packed as ONNX says: the first element in the low bits; in int32_data one byte an entry (onnx.helper) or four. */
    @Test
    void elementsOfLessThanAByteAreReadPacked() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .addInitializer(TestModels.tensor("raw", 22, 3).setRawData(ByteString.copyFrom(new byte[] {0x21, 3})))
                .addInitializer(
                        TestModels.tensor("bytes", 21, 3).addInt32Data(0xF1).addInt32Data(2))
                .addInitializer(
                        TestModels.tensor("signed", 22, 4).addInt32Data(-1).addInt32Data(127))
                .addInitializer(TestModels.tensor("words", 23, 9)
                        .addInt32Data(0x87654321)
                        .addInt32Data(9))
                .addInitializer(TestModels.tensor("one", 21, 2).addInt32Data(0x7F))
                .addInitializer(TestModels.tensor("two", 26, 5).setRawData(ByteString.copyFrom(new byte[] {-28, 1})))
                .addInitializer(
                        TestModels.tensor("u2", 25, 6).addInt32Data(0xE4).addInt32Data(5))
                .addInitializer(TestModels.tensor("u2words", 25, 17)
                        .addInt32Data(0x04030201)
                        .addInt32Data(1))
                .addInitializer(
                        TestModels.tensor("c128", 15, 1).addDoubleData(1).addDoubleData(-2));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            assertEquals("2103", hex(c, "raw"));
            assertEquals(DType.I4, c.find("raw").orElseThrow().info().dtype());
            assertEquals("f102", hex(c, "bytes"));
            assertEquals("ff7f", hex(c, "signed"));
            assertEquals("2143658709", hex(c, "words"));
            assertEquals(DType.F4, c.find("words").orElseThrow().info().dtype());
            assertEquals("7f", hex(c, "one"));
            assertEquals("e401", hex(c, "two"));
            assertEquals("e405", hex(c, "u2"));
            assertEquals("0102030401", hex(c, "u2words"));
            assertEquals("000000000000f03f00000000000000c0", hex(c, "c128"));
            assertEquals(List.of(), c.warnings());
        }
    }

    @Test
    void metadataIsRead() throws IOException {
        OnnxMl.ModelProto.Builder model = TestModels.model(TestModels.linear())
                .addMetadataProps(
                        OnnxMl.StringStringEntryProto.newBuilder().setKey("a").setValue("1"))
                .addMetadataProps(
                        OnnxMl.StringStringEntryProto.newBuilder().setKey("b").setValue("\u00fc"))
                .addMetadataProps(
                        OnnxMl.StringStringEntryProto.newBuilder().setKey("a").setValue("2"));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, model))) {
            assertEquals(Map.of("a", "2", "b", "\u00fc"), c.metadata());
        }
    }

    @Test
    void aMissingFileIsAnIoError() {
        assertThrows(NoSuchFileException.class, () -> OnnxCheckpoint.open(folder.resolve("none.onnx")));
    }

    @Test
    void readingAfterCloseFails() throws IOException {
        OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, TestModels.linear()));
        TensorView w = c.tensors().get(0);
        c.close();
        assertThrows(ClosedChannelException.class, () -> bytes(w));
    }

    @Test
    void aFileThatShrinksIsAnIoError() throws IOException {
        Path file = TestModels.write(folder, TestModels.linear());
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            Files.write(file, new byte[3]);
            IOException e =
                    assertThrows(IOException.class, () -> bytes(c.tensors().get(0)));
            assertTrue(String.valueOf(e.getMessage()).contains("became shorter"), e.getMessage());
        }
    }
}
