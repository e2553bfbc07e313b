package io.detinit.interop.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Small models made with the ONNX classes, which the reader under test does not use. */
public final class TestModels {

    private TestModels() {}

    /** A fixture folder beside the checkout, where there is one. */
    public static Optional<Path> fixtures() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path candidate = at.resolve("shared/fixtures");
            if (Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    public static ByteString floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return ByteString.copyFrom(bytes);
    }

    public static OnnxMl.TensorProto.Builder tensor(String name, int type, long... dims) {
        return OnnxMl.TensorProto.newBuilder()
                .setName(name)
                .setDataType(type)
                .addAllDims(Arrays.stream(dims).boxed().toList());
    }

    public static OnnxMl.TensorProto.Builder raw(String name, long[] dims, float... values) {
        return tensor(name, 1, dims).setRawData(floats(values));
    }

    public static OnnxMl.NodeProto.Builder node(String operator, String output, String... inputs) {
        return OnnxMl.NodeProto.newBuilder()
                .setOpType(operator)
                .addOutput(output)
                .addAllInput(Arrays.asList(inputs));
    }

    public static OnnxMl.ValueInfoProto value(String name, long... dims) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (long dim : dims) {
            OnnxMl.TensorShapeProto.Dimension.Builder axis = OnnxMl.TensorShapeProto.Dimension.newBuilder();
            shape.addDim(dim < 0 ? axis.setDimParam("d" + shape.getDimCount()) : axis.setDimValue(dim));
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(1)
                                .setShape(shape)))
                .build();
    }

    public static OnnxMl.ModelProto.Builder model(OnnxMl.GraphProto.Builder graph) {
        return OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .setProducerName("test")
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph);
    }

    /** y = (x W^T + b) * s with W [3, 2], b [3], s [1]; the initializers are listed last used first. */
    public static OnnxMl.GraphProto.Builder linear() {
        return OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x", -1, 2))
                .addOutput(value("y", -1, 3))
                .addNode(node("Gemm", "h", "x", "W", "b")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("transB")
                                .setType(OnnxMl.AttributeProto.AttributeType.INT)
                                .setI(1)))
                .addNode(node("Mul", "y", "h", "s"))
                .addInitializer(raw("unused", new long[] {2}, 7, 8))
                .addInitializer(raw("s", new long[] {1}, 2))
                .addInitializer(raw("b", new long[] {3}, .5f, -.5f, 0))
                .addInitializer(raw("W", new long[] {3, 2}, 1, 2, 3, 4, 5, 6));
    }

    /** A field that onnx.proto does not have. */
    public static UnknownFieldSet unknown() {
        return UnknownFieldSet.newBuilder()
                .addField(
                        900,
                        UnknownFieldSet.Field.newBuilder()
                                .addVarint(300)
                                .addLengthDelimited(ByteString.copyFromUtf8("later"))
                                .addFixed32(7)
                                .addFixed64(9)
                                .build())
                .build();
    }

    public static Path write(Path folder, OnnxMl.ModelProto.Builder model) throws IOException {
        Path file = folder.resolve("model.onnx");
        Files.write(file, model.build().toByteArray());
        return file;
    }

    public static Path write(Path folder, OnnxMl.GraphProto.Builder graph) throws IOException {
        return write(folder, model(graph));
    }
}
