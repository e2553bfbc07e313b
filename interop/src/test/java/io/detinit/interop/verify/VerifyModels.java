package io.detinit.interop.verify;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.onnx.TestModels;
import java.io.IOException;

/** Small models of several inputs and outputs. */
final class VerifyModels {

    private VerifyModels() {}

    /** The type of an input or output, by its number in onnx.proto, in place of float32. */
    static OnnxMl.ValueInfoProto value(String name, int type, long... dims) {
        OnnxMl.ValueInfoProto.Builder value = TestModels.value(name, dims).toBuilder();
        value.getTypeBuilder().getTensorTypeBuilder().setElemType(type);
        return value.build();
    }

    /** y = x * factor + w, and z = n + n, with x float32 [?, 3], w double [2, 1] cast to float32, n int64 [?]. */
    static OnnxMl.GraphProto.Builder two(float factor) {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 3))
                .addInput(value("w", 11, 2, 1))
                .addInput(value("n", 7, -1))
                .addOutput(TestModels.value("y", 2, 3))
                .addOutput(value("z", 7, -1))
                .addNode(TestModels.node("Mul", "p", "x", "factor"))
                .addNode(TestModels.node("Cast", "v", "w")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("to")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)))
                .addNode(TestModels.node("Add", "y", "p", "v"))
                .addNode(TestModels.node("Add", "z", "n", "n"))
                .addInitializer(TestModels.raw("factor", new long[] {1}, factor));
    }

    /** One input of a type, handed through. */
    static OnnxMl.GraphProto.Builder identity(int type, long... dims) {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x", type, dims))
                .addOutput(value("y", type, dims))
                .addNode(TestModels.node("Identity", "y", "x"));
    }

    static OnnxRunner runner(OnnxMl.GraphProto.Builder graph) throws IOException {
        return OnnxRunner.of("m", TestModels.model(graph).build().toByteArray(), 1);
    }
}
