package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.detinit.interop.onnx.WeightUse.Layout;
import io.detinit.interop.tensor.TensorInfo.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which node's weight a tensor is, and which way round it lies. */
class OnnxUseTest {

    @TempDir
    Path folder;

    private final OnnxMl.GraphProto.Builder graph =
            OnnxMl.GraphProto.newBuilder().setName("g");

    private OnnxUseTest tensor(String name, long... dims) {
        int count = 1;
        for (long dim : dims) {
            count *= (int) dim;
        }
        graph.addInitializer(TestModels.raw(name, dims, new float[count]));
        return this;
    }

    private OnnxUseTest bytes(String name, long... dims) {
        int count = 1;
        for (long dim : dims) {
            count *= (int) dim;
        }
        graph.addInitializer(TestModels.tensor(name, 2, dims).setRawData(ByteString.copyFrom(new byte[count])));
        return this;
    }

    private static OnnxMl.AttributeProto.Builder integer(String name, long value) {
        return OnnxMl.AttributeProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                .setI(value);
    }

    private static OnnxMl.AttributeProto.Builder perm(long... axes) {
        OnnxMl.AttributeProto.Builder perm = OnnxMl.AttributeProto.newBuilder().setName("perm");
        for (long axis : axes) {
            perm.addInts(axis);
        }
        return perm;
    }

    private OnnxUseTest node(String operator, String output, String... inputs) {
        graph.addNode(TestModels.node(operator, output, inputs));
        return this;
    }

    private OnnxUseTest node(OnnxMl.NodeProto.Builder node, OnnxMl.AttributeProto.Builder attribute) {
        graph.addNode(node.addAttribute(attribute));
        return this;
    }

    private OnnxCheckpoint open() throws IOException {
        return OnnxCheckpoint.open(TestModels.write(folder, graph));
    }

    private static void is(OnnxCheckpoint c, String name, Layout layout, String operator, int slot) {
        WeightUse use = c.use(name).orElseThrow();
        assertEquals(layout, use.layout(), name);
        assertEquals(operator, use.operator(), name);
        assertEquals(slot, use.slot(), name);
    }

    @Test
    void products() throws IOException {
        tensor("linear", 3, 2)
                .tensor("bias", 3)
                .tensor("dense", 3, 4)
                .tensor("left", 5, 4)
                .tensor("turned", 4, 4);
        tensor("batched", 2, 4, 4).tensor("vector", 4);
        node(TestModels.node("Gemm", "a", "x", "linear", "bias"), integer("transB", 1));
        node("MatMul", "b", "a", "dense");
        node("MatMul", "c", "left", "b");
        node("Transpose", "t", "turned").node("MatMul", "d", "c", "t");
        node(TestModels.node("Transpose", "t2", "batched"), perm(0, 2, 1)).node("MatMul", "e", "d", "t2");
        node("MatMul", "f", "e", "vector");
        try (OnnxCheckpoint c = open()) {
            is(c, "linear", Layout.OUT_IN, "Gemm", 1);
            is(c, "bias", Layout.BIAS, "Gemm", 2);
            is(c, "dense", Layout.IN_OUT, "MatMul", 1);
            is(c, "left", Layout.OUT_IN, "MatMul", 0);
            is(c, "turned", Layout.OUT_IN, "MatMul", 1);
            is(c, "batched", Layout.OUT_IN, "MatMul", 1);
            is(c, "vector", Layout.OTHER, "MatMul", 1);
            assertTrue(c.use("linear").orElseThrow().inTorchOrder());
            assertFalse(c.use("dense").orElseThrow().inTorchOrder());
            assertEquals(Optional.empty(), c.use("x"));
        }
    }

    @Test
    void layersOfOtherKinds() throws IOException {
        tensor("conv", 4, 1, 3, 3)
                .tensor("convBias", 4)
                .tensor("up", 4, 2, 3, 3)
                .tensor("table", 10, 4);
        tensor("scale", 4).tensor("shift", 4).tensor("mean", 4).tensor("var", 4);
        tensor("w", 1, 8, 4)
                .tensor("r", 1, 8, 2)
                .tensor("b", 1, 16)
                .tensor("columns", 10, 4)
                .tensor("lonely", 2);
        node("Conv", "a", "x", "conv", "convBias").node("ConvTranspose", "b1", "a", "up");
        node("BatchNormalization", "c", "b1", "scale", "shift", "mean", "var");
        node("Gather", "d", "table", "ids").node("LSTM", "e", "d", "w", "r", "b");
        node(TestModels.node("Gather", "f", "columns", "ids"), integer("axis", 1));
        try (OnnxCheckpoint c = open()) {
            is(c, "conv", Layout.OUT_IN, "Conv", 1);
            is(c, "convBias", Layout.BIAS, "Conv", 2);
            is(c, "up", Layout.IN_OUT, "ConvTranspose", 1);
            assertTrue(c.use("up").orElseThrow().inTorchOrder());
            is(c, "table", Layout.EMBEDDING, "Gather", 0);
            is(c, "scale", Layout.NORM_SCALE, "BatchNormalization", 1);
            is(c, "shift", Layout.NORM_SHIFT, "BatchNormalization", 2);
            is(c, "mean", Layout.STATISTICS, "BatchNormalization", 3);
            is(c, "var", Layout.STATISTICS, "BatchNormalization", 4);
            is(c, "w", Layout.RECURRENT, "LSTM", 1);
            is(c, "r", Layout.RECURRENT, "LSTM", 2);
            is(c, "b", Layout.RECURRENT, "LSTM", 3);
            is(c, "columns", Layout.OTHER, "Gather", 0);
            assertEquals(Optional.empty(), c.use("lonely"));
            assertEquals(Kind.BUFFER, c.find("var").orElseThrow().info().kind());
            assertEquals(Kind.PARAMETER, c.find("scale").orElseThrow().info().kind());
        }
    }

    @Test
    void anAddedVectorIsABiasAfterAProductWithAWeight() throws IOException {
        tensor("dense", 3, 4).tensor("bias", 4).tensor("conv", 4, 1, 3, 3).tensor("plane", 4, 1, 1);
        tensor("mask", 4).tensor("positions", 5, 4);
        node("MatMul", "a", "x", "dense").node("Add", "b", "bias", "a").node("Conv", "c", "b", "conv");
        node("Add", "d", "c", "plane").node("MatMul", "e", "q", "k").node("Add", "f", "e", "mask");
        node("Add", "g", "a", "positions");
        try (OnnxCheckpoint c = open()) {
            is(c, "bias", Layout.BIAS, "Add", 0);
            is(c, "plane", Layout.BIAS, "Add", 1);
            is(c, "mask", Layout.OTHER, "Add", 1);
            is(c, "positions", Layout.OTHER, "Add", 1);
        }
    }

    @Test
    void quantisedWeights() throws IOException {
        bytes("q", 3, 2)
                .tensor("s")
                .bytes("z")
                .bytes("dynamic", 2, 3)
                .tensor("fake", 2, 3)
                .tensor("fs")
                .tensor("b", 3);
        node("DequantizeLinear", "w", "q", "s", "z");
        node(TestModels.node("Gemm", "a", "x", "w"), integer("transB", 1));
        node("MatMulInteger", "i", "xq", "dynamic").node("Cast", "j", "i").node("Mul", "l", "j", "scales");
        node("Add", "m", "l", "b");
        node("QuantizeLinear", "fq", "fake", "fs").node("DequantizeLinear", "fw", "fq", "fs");
        node("MatMul", "n", "m", "fw");
        try (OnnxCheckpoint c = open()) {
            is(c, "q", Layout.OUT_IN, "Gemm", 1);
            assertTrue(c.use("q").orElseThrow().quantised());
            is(c, "s", Layout.QUANTISATION, "DequantizeLinear", 1);
            assertEquals(Kind.BUFFER, c.find("s").orElseThrow().info().kind());
            assertEquals(Kind.CONSTANT, c.find("q").orElseThrow().info().kind());
            is(c, "dynamic", Layout.IN_OUT, "MatMulInteger", 1);
            assertTrue(c.use("dynamic").orElseThrow().quantised());
            is(c, "b", Layout.BIAS, "Add", 1);
            is(c, "fake", Layout.IN_OUT, "MatMul", 1);
        }
    }

    @Test
    void reshapedWeights() throws IOException {
        tensor("kept", 4, 2, 5).tensor("lost", 4, 2, 5).tensor("bias", 5).tensor("through", 5, 5);
        graph.addInitializer(TestModels.tensor("to", 7, 2).addInt64Data(8).addInt64Data(5));
        node("Reshape", "k", "kept", "to").node("MatMul", "a", "x", "k");
        node("Reshape", "l", "lost", "computed").node("MatMul", "b", "a", "l");
        node("Unsqueeze", "u", "bias").node("Add", "c", "b", "u");
        node("Cast", "t1", "through").node("Identity", "t2", "t1").node("MatMul", "d", "c", "t2");
        try (OnnxCheckpoint c = open()) {
            is(c, "kept", Layout.IN_OUT, "MatMul", 1);
            is(c, "lost", Layout.OTHER, "MatMul", 1);
            is(c, "bias", Layout.BIAS, "Add", 1);
            is(c, "through", Layout.IN_OUT, "MatMul", 1);
        }
    }

    /** Tied weights: the use that says most is the one that is told. */
    @Test
    void theFirstUseAsAWeightIsTold() throws IOException {
        tensor("tied", 10, 4).tensor("plain", 4);
        node("Neg", "n", "tied").node("Gather", "e", "tied", "ids");
        node(TestModels.node("Gemm", "o", "e", "tied"), integer("transB", 1));
        node("Mul", "p", "o", "plain").node("Identity", "out", "plain");
        try (OnnxCheckpoint c = open()) {
            is(c, "tied", Layout.EMBEDDING, "Gather", 0);
            is(c, "plain", Layout.OTHER, "Mul", 1);
        }
    }

    @Test
    void constantsThatAreWeights() throws IOException {
        graph.addNode(TestModels.node("Constant", "w")
                .addAttribute(OnnxMl.AttributeProto.newBuilder()
                        .setName("value")
                        .setT(TestModels.raw("", new long[] {2, 2}, 1, 2, 3, 4))));
        graph.addNode(TestModels.node("Constant", "half")
                .addAttribute(OnnxMl.AttributeProto.newBuilder()
                        .setName("value_float")
                        .setF(.5f)));
        node("MatMul", "a", "x", "w").node("Mul", "b", "a", "half");
        try (OnnxCheckpoint c = open()) {
            is(c, "w", Layout.IN_OUT, "MatMul", 1);
            is(c, "half", Layout.OTHER, "Mul", 1);
            assertEquals(Kind.PARAMETER, c.find("w").orElseThrow().info().kind());
            assertEquals(Kind.CONSTANT, c.find("half").orElseThrow().info().kind());
        }
    }

    private static UnknownFieldSet metadata(int field, String key, String value) {
        ByteString entry = OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build()
                .toByteString();
        return UnknownFieldSet.newBuilder()
                .addField(
                        field,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(entry)
                                .build())
                .build();
    }

    @Test
    void throughFunctions() throws IOException {
        tensor("fc.weight", 3, 2).tensor("fc.bias", 3);
        graph.addNode(TestModels.node("Linear", "y", "x", "fc.weight", "fc.bias")
                .setDomain("local")
                .setName("/net/fc/Linear"));
        OnnxMl.FunctionProto transpose = OnnxMl.FunctionProto.newBuilder()
                .setName("T")
                .setDomain("local")
                .addInput("i")
                .addOutput("o")
                .addNode(TestModels.node("Transpose", "o", "i"))
                .build();
        OnnxMl.FunctionProto linear = OnnxMl.FunctionProto.newBuilder()
                .setName("Linear")
                .setDomain("local")
                .addInput("in")
                .addInput("w")
                .addInput("b")
                .addOutput("out")
                .addNode(TestModels.node("T", "wt", "w").setDomain("local"))
                .addNode(TestModels.node("MatMul", "p", "in", "wt"))
                .addNode(TestModels.node("Add", "out", "p", "b"))
                .build();
        OnnxMl.ModelProto.Builder model =
                TestModels.model(graph).addFunctions(linear).addFunctions(transpose);
        try (OnnxCheckpoint c = OnnxCheckpoint.open(TestModels.write(folder, model))) {
            is(c, "fc.weight", Layout.OUT_IN, "MatMul", 1);
            is(c, "fc.bias", Layout.BIAS, "Add", 1);
            assertEquals(Optional.of("net.fc"), c.modulePath("fc.weight"));
        }
    }

    /** A function that calls itself twice would take for ever. */
    @Test
    void recursionEnds() throws IOException {
        tensor("w", 2, 2);
        graph.addNode(TestModels.node("F", "y", "w").setDomain("local"));
        OnnxMl.FunctionProto.Builder function = OnnxMl.FunctionProto.newBuilder()
                .setName("F")
                .setDomain("local")
                .addInput("i")
                .addOutput("o")
                .addNode(TestModels.node("F", "a", "i").setDomain("local"))
                .addNode(TestModels.node("F", "b", "i").setDomain("local"))
                .addNode(TestModels.node("MatMul", "o", "a", "i"));
        Path file = TestModels.write(folder, TestModels.model(graph).addFunctions(function));
        try (OnnxCheckpoint c = OnnxCheckpoint.open(file)) {
            is(c, "w", Layout.IN_OUT, "MatMul", 1);
        }
    }

    @Test
    void modulePaths() throws IOException {
        tensor("onnx::MatMul_9", 2, 2)
                .tensor("val_0", 2, 2)
                .tensor("val_1", 2, 2)
                .tensor("val_2", 2, 2);
        graph.addNode(TestModels.node("MatMul", "a", "x", "onnx::MatMul_9").setName("/net/net.0/attn/c_attn/MatMul"));
        graph.addNode(TestModels.node("MatMul", "b", "a", "val_0")
                .setUnknownFields(metadata(9, "pkg.torch.onnx.name_scopes", "['', 'q_net', 'q_net.0', 'linear']")));
        graph.addNode(TestModels.node("MatMul", "c", "b", "val_1").setName("node_MatMul_1"));
        graph.addNode(TestModels.node("MatMul", "d", "c", "val_2").setName("/MatMul"));
        graph.addValueInfo(TestModels.value("val_1", 2, 2).toBuilder()
                .setUnknownFields(metadata(4, "pkg.onnxscript.optimizer.folded_from", "['linear3.weight']")));
        try (OnnxCheckpoint c = open()) {
            assertEquals(Optional.of("net.0.attn.c_attn"), c.modulePath("onnx::MatMul_9"));
            assertEquals(Optional.of("q_net.0"), c.modulePath("val_0"));
            assertEquals(Optional.of("linear3"), c.modulePath("val_1"));
            assertEquals(Optional.empty(), c.modulePath("val_2"));
            assertEquals(Optional.empty(), c.modulePath("none"));
            assertEquals("b", c.use("val_0").orElseThrow().node());
        }
    }

    @Test
    void aNestedContainerRepeatsItsName() {
        assertEquals("layer1.0.conv1", ModulePaths.ofName("/layer1/layer1.0/conv1/Conv"));
        assertEquals("h.0.attn", ModulePaths.ofName("/h.0/attn/MatMul_1"));
        assertEquals("", ModulePaths.ofName("dense/MatMul"));
        assertEquals("", ModulePaths.ofName("/"));
        assertEquals("", ModulePaths.ofName(""));
    }
}
