package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors of Constant nodes, of bodies and of functions: their names, their content, their replacement. */
class OnnxNestedTest {

    @TempDir
    Path folder;

    private static OnnxMl.AttributeProto.Builder attribute(String name) {
        return OnnxMl.AttributeProto.newBuilder().setName(name);
    }

    private static OnnxMl.NodeProto.Builder constant(String output, OnnxMl.AttributeProto.Builder attribute) {
        return TestModels.node("Constant", output).addAttribute(attribute);
    }

    private static OnnxMl.NodeProto.Builder constant(String output, OnnxMl.TensorProto.Builder value) {
        return constant(output, attribute("value").setT(value));
    }

    private static List<String> names(OnnxCheckpoint checkpoint) {
        return checkpoint.tensors().stream().map(t -> t.info().name()).toList();
    }

    private static String hex(OnnxCheckpoint checkpoint, String name) throws IOException {
        TensorView tensor = checkpoint.find(name).orElseThrow();
        byte[] bytes = new byte[(int) tensor.info().bytes()];
        tensor.view(0, bytes.length).get(bytes);
        return tensor.info().dtype() + " " + tensor.info().shape() + " "
                + HexFormat.of().formatHex(bytes);
    }

    private static OnnxMl.GraphProto.Builder constants() {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addNode(constant("t", TestModels.raw("inner name", new long[] {1, 2}, 1, 2)))
                .addNode(constant("f", attribute("value_float").setF(1)))
                .addNode(constant("fs", attribute("value_floats").addFloats(1).addFloats(-2)))
                .addNode(constant("i", attribute("value_int").setI(-1)))
                .addNode(constant("is", attribute("value_ints").addInts(300).addInts(-2)))
                .addNode(constant("s", attribute("value_string").setS(ByteString.copyFromUtf8("x"))))
                .addNode(constant("none", attribute("value_floats")))
                .addNode(constant("", TestModels.raw("", new long[] {1}, 1)))
                .addNode(constant("text", TestModels.tensor("", 8, 1).addStringData(ByteString.copyFromUtf8("hi"))));
    }

    @Test
    void constantNodes() throws IOException {
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, constants()))) {
            assertEquals(List.of("t", "f", "fs", "i", "is"), names(c));
            assertEquals("F32 [1, 2] 0000803f00000040", hex(c, "t"));
            assertEquals("F32 [] 0000803f", hex(c, "f"));
            assertEquals("F32 [2] 0000803f000000c0", hex(c, "fs"));
            assertEquals("I64 [] ffffffffffffffff", hex(c, "i"));
            assertEquals("I64 [2] 2c01000000000000feffffffffffffff", hex(c, "is"));
            assertEquals(List.of("Constant node 'text' of type STRING is kept but not read"), c.warnings());
            assertEquals(Kind.CONSTANT, c.find("t").orElseThrow().info().kind());
        }
    }

    @Test
    void constantNodesAreReplaced() throws IOException {
        Path file = TestModels.write(folder, constants());
        Path copy = folder.resolve("copy.onnx");
        Map<String, TensorView> all = new HashMap<>();
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            for (TensorView tensor : c.tensors()) {
                TensorInfo info = tensor.info();
                byte[] bytes = new byte[(int) info.bytes()];
                tensor.view(0, bytes.length).get(bytes);
                for (int k = 0; k < bytes.length; k++) {
                    bytes[k] ^= 0x5A;
                }
                all.put(info.name(), ArrayTensor.of(info, ByteBuffer.wrap(bytes)));
            }
            c.rewrite(copy, all, Map.of());
        }
        try (OnnxCheckpoint before = OnnxCheckpoint.open(file);
                OnnxCheckpoint after = OnnxCheckpoint.open(copy)) {
            assertEquals(names(before), names(after));
            for (String name : names(before)) {
                byte[] expected = HexFormat.of().parseHex(hex(before, name).replaceAll(".* ", ""));
                for (int k = 0; k < expected.length; k++) {
                    expected[k] ^= 0x5A;
                }
                assertEquals(
                        HexFormat.of().formatHex(expected), hex(after, name).replaceAll(".* ", ""), name);
                all.put(name, before.find(name).orElseThrow());
            }
            after.rewrite(folder.resolve("back.onnx"), all, Map.of());
        }
        OnnxMl.ModelProto original = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(file));
        assertEquals(original, OnnxMl.ModelProto.parseFrom(Files.readAllBytes(folder.resolve("back.onnx"))));
    }

    private static OnnxMl.ModelProto.Builder nested() {
        OnnxMl.GraphProto.Builder inner = OnnxMl.GraphProto.newBuilder()
                .setName("inner")
                .addInitializer(TestModels.raw("w", new long[] {1}, 3))
                .addNode(TestModels.node("Neg", "z", "w"))
                .addNode(TestModels.node("Neg", "z2", "outer"));
        OnnxMl.GraphProto.Builder body = OnnxMl.GraphProto.newBuilder()
                .setName("body")
                .addInitializer(TestModels.raw("w", new long[] {1}, 2))
                .addNode(constant("c", TestModels.raw("", new long[] {1}, 4)))
                .addNode(TestModels.node("If", "o", "cond")
                        .addAttribute(attribute("else_branch").setG(inner)))
                .addNode(TestModels.node("Add", "y", "w", "c"));
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInitializer(TestModels.raw("unused", new long[] {1}, 9))
                .addInitializer(TestModels.raw("outer", new long[] {1}, 8))
                .addInitializer(TestModels.raw("w", new long[] {1}, 1))
                .addNode(TestModels.node("Loop", "l", "cond")
                        .setName("loop")
                        .addAttribute(attribute("body").setG(body)))
                .addNode(TestModels.node("Many", "m")
                        .addAttribute(attribute("bodies").addGraphs(inner).addGraphs(inner)))
                .addNode(TestModels.node("F", "r", "w").setDomain("local"))
                .addNode(TestModels.node("F", "r2", "w").setDomain("local"))
                .addNode(constant("w", TestModels.raw("", new long[] {1}, 5)));
        OnnxMl.FunctionProto.Builder function = OnnxMl.FunctionProto.newBuilder()
                .setName("F")
                .setDomain("local")
                .addInput("a")
                .addOutput("b")
                .addNode(constant("k", TestModels.raw("", new long[] {1, 1}, 6)))
                .addNode(TestModels.node("MatMul", "p", "a", "k"))
                .addNode(TestModels.node("Identity", "b", "p"));
        return TestModels.model(graph).addFunctions(function);
    }

    @Test
    void bodiesAndFunctionsGiveTheirNames() throws IOException {
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, nested()))) {
            assertEquals(
                    List.of(
                            "loop/body/o/else_branch/w",
                            "outer",
                            "loop/body/w",
                            "loop/body/c",
                            "m/bodies[0]/w",
                            "m/bodies[1]/w",
                            "w",
                            "F/k",
                            "unused",
                            "w#2"),
                    names(c));
            float[] value = new float[1];
            for (Map.Entry<String, Float> known : Map.of(
                            "w", 1f, "loop/body/w", 2f, "loop/body/o/else_branch/w", 3f, "F/k", 6f, "w#2", 5f)
                    .entrySet()) {
                c.find(known.getKey()).orElseThrow().readFloats(0, value, 0, 1);
                assertEquals(known.getValue(), value[0], known.getKey());
            }
            assertEquals(Kind.PARAMETER, c.find("F/k").orElseThrow().info().kind());
            assertEquals(
                    Kind.PARAMETER, c.find("loop/body/w").orElseThrow().info().kind());
            assertEquals(
                    Kind.CONSTANT, c.find("loop/body/c").orElseThrow().info().kind());
        }
    }

    /** The lengths of every message around a replaced tensor change; nothing else does. */
    @Test
    void tensorsAtAnyDepthAreReplaced() throws IOException {
        Path file = TestModels.write(folder, nested());
        Path copy = folder.resolve("copy.onnx");
        OnnxMl.ModelProto before = OnnxMl.ModelProto.parseFrom(Files.readAllBytes(file));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            Map<String, TensorView> all = new HashMap<>();
            for (String name : List.of("loop/body/o/else_branch/w", "m/bodies[1]/w", "F/k", "w")) {
                TensorInfo info = c.find(name).orElseThrow().info();
                all.put(
                        name,
                        ArrayTensor.of(
                                info, ByteBuffer.wrap(TestModels.floats(70).toByteArray())));
            }
            c.rewrite(copy, all, Map.of("k", "v"));
        }
        OnnxMl.ModelProto.Builder expected = before.toBuilder();
        ByteString seventy = TestModels.floats(70);
        expected.getGraphBuilder().getInitializerBuilder(2).setRawData(seventy);
        expected.getGraphBuilder()
                .getNodeBuilder(0)
                .getAttributeBuilder(0)
                .getGBuilder()
                .getNodeBuilder(1)
                .getAttributeBuilder(0)
                .getGBuilder()
                .getInitializerBuilder(0)
                .setRawData(seventy);
        expected.getGraphBuilder()
                .getNodeBuilder(1)
                .getAttributeBuilder(0)
                .getGraphsBuilder(1)
                .getInitializerBuilder(0)
                .setRawData(seventy);
        expected.getFunctionsBuilder(0)
                .getNodeBuilder(0)
                .getAttributeBuilder(0)
                .getTBuilder()
                .setRawData(seventy);
        expected.addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder().setKey("k").setValue("v"));
        assertEquals(expected.build(), OnnxMl.ModelProto.parseFrom(Files.readAllBytes(copy)));
    }

    @Test
    void namesStayShortHoweverDeepTheBodies() throws IOException {
        OnnxMl.GraphProto.Builder graph =
                OnnxMl.GraphProto.newBuilder().addInitializer(TestModels.raw("w", new long[] {1}, 3));
        for (int depth = 0; depth < 30; depth++) {
            graph = OnnxMl.GraphProto.newBuilder()
                    .addNode(TestModels.node("If", "o", "c")
                            .setName("n".repeat(4000))
                            .addAttribute(attribute("g").setG(graph)));
        }
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            String name = names(c).get(0);
            assertTrue(name.matches("graph@\\d+/w"), name);
        }
    }

    @Test
    void sameNamesGetNumbersInAnyNumber() throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder();
        for (int k = 0; k < 20_000; k++) {
            graph.addNode(constant("c", TestModels.raw("", new long[] {1}, k)));
        }
        graph.addNode(constant("c#2", TestModels.raw("", new long[] {1}, -1)));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            assertEquals(
                    20_001,
                    c.tensors().stream().map(t -> t.info().name()).distinct().count());
            float[] value = new float[1];
            c.find("c#20000").orElseThrow().readFloats(0, value, 0, 1);
            assertArrayEquals(new float[] {19_999}, value);
        }
    }
}
