package io.detinit.cli;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Small ONNX models for tests of eval and verify. */
final class VerifyEvalModels {

    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    private VerifyEvalModels() {}

    /** scores [?, 10] = x [?, 784] W, W [784, 10] of small multiples of 1/64, zero in the first rows. */
    static Path linear(Path file, int zeroRows) throws IOException {
        return write(file, scores(weights(zeroRows)));
    }

    /** The same with W in the file {@code <file>.data}. */
    static Path external(Path file, int zeroRows) throws IOException {
        String data = file.getFileName() + ".data";
        Files.write(file.resolveSibling(data), weights(zeroRows).toByteArray());
        OnnxMl.GraphProto.Builder graph = scores(ByteString.EMPTY);
        graph.getInitializerBuilder(0)
                .clearRawData()
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue(data));
        return write(file, graph);
    }

    /** Two inputs and an integer output: y [1, 3] = x [?, 3] * factor, z = n + n, n int64 [?]. */
    static Path two(Path file, float factor) throws IOException {
        return write(
                file,
                OnnxMl.GraphProto.newBuilder()
                        .setName("g")
                        .addInput(value("x", FLOAT, -1, 3))
                        .addInput(value("n", INT64, -1))
                        .addOutput(value("y", FLOAT, -1, 3))
                        .addOutput(value("z", INT64, -1))
                        .addNode(node("Mul", "y", "x", "factor"))
                        .addNode(node("Add", "z", "n", "n"))
                        .addInitializer(OnnxMl.TensorProto.newBuilder()
                                .setName("factor")
                                .setDataType(FLOAT)
                                .addDims(1)
                                .addFloatData(factor)));
    }

    /**
     * y [?, 2] = exp(x [?, 3] W + b) V, where the first of two hidden units overflows to infinity and V reads it with 0: the output is
     * NaN, and would be finite without that unit.
     */
    static Path overflowing(Path file) throws IOException {
        return write(
                file,
                OnnxMl.GraphProto.newBuilder()
                        .setName("g")
                        .addInput(value("x", FLOAT, -1, 3))
                        .addOutput(value("y", FLOAT, -1, 2))
                        .addNode(node("Gemm", "h", "x", "W", "b"))
                        .addNode(node("Exp", "e", "h"))
                        .addNode(node("MatMul", "y", "e", "V"))
                        .addInitializer(floats("W", new long[] {3, 2}, 0.1f, 0.2f, 0.3f, 0.1f, 0.2f, 0.3f))
                        .addInitializer(floats("b", new long[] {2}, 1000, 0))
                        .addInitializer(floats("V", new long[] {2, 2}, 0, 0, 0.5f, 0.25f)));
    }

    private static OnnxMl.TensorProto.Builder floats(String name, long[] dims, float... values) {
        OnnxMl.TensorProto.Builder tensor =
                OnnxMl.TensorProto.newBuilder().setName(name).setDataType(FLOAT);
        for (long dim : dims) {
            tensor.addDims(dim);
        }
        for (float value : values) {
            tensor.addFloatData(value);
        }
        return tensor;
    }

    private static OnnxMl.GraphProto.Builder scores(ByteString weights) {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x", FLOAT, -1, 784))
                .addOutput(value("scores", FLOAT, -1, 10))
                .addNode(node("MatMul", "scores", "x", "W"))
                .addInitializer(OnnxMl.TensorProto.newBuilder()
                        .setName("W")
                        .setDataType(FLOAT)
                        .addDims(784)
                        .addDims(10)
                        .setRawData(weights));
    }

    private static ByteString weights(int zeroRows) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * 7840).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < 7840; k++) {
            bytes.putFloat(k < 10 * zeroRows ? 0 : (1 + (k * 31 + k / 10 * 17) % 63) / 64f);
        }
        return ByteString.copyFrom(bytes.flip());
    }

    private static OnnxMl.NodeProto.Builder node(String operator, String output, String... inputs) {
        return OnnxMl.NodeProto.newBuilder()
                .setOpType(operator)
                .addOutput(output)
                .addAllInput(Arrays.asList(inputs));
    }

    private static OnnxMl.ValueInfoProto value(String name, int type, long... dims) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (long dim : dims) {
            OnnxMl.TensorShapeProto.Dimension.Builder axis = OnnxMl.TensorShapeProto.Dimension.newBuilder();
            shape.addDim(dim < 0 ? axis.setDimParam("d" + shape.getDimCount()) : axis.setDimValue(dim));
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(type)
                                .setShape(shape)))
                .build();
    }

    private static Path write(Path file, OnnxMl.GraphProto.Builder graph) throws IOException {
        OnnxMl.ModelProto model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph)
                .build();
        return Files.write(file, model.toByteArray());
    }
}
