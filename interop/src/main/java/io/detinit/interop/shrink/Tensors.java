package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** TensorProto as arrays, and arrays as TensorProto. */
final class Tensors {

    private static final int FLOAT = 1;

    /** Shapes, axes and the like are short. */
    private static final int MAX_INTEGERS = 1 << 10;

    private Tensors() {}

    static long elements(OnnxMl.TensorProto tensor) {
        return tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
    }

    /** Whether a type is F32, F16, F64 or BF16. */
    static boolean isFloating(int type) {
        return type == FLOAT
                || type == OnnxMl.TensorProto.DataType.FLOAT16_VALUE
                || type == OnnxMl.TensorProto.DataType.DOUBLE_VALUE
                || type == OnnxMl.TensorProto.DataType.BFLOAT16_VALUE;
    }

    static String typeName(int type) {
        OnnxMl.TensorProto.DataType known = OnnxMl.TensorProto.DataType.forNumber(type);
        return known == null ? "of the type " + type : known.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The elements of a float32 tensor in the file; null for others. */
    static @Nullable Constant floats(OnnxMl.TensorProto tensor) {
        long elements = elements(tensor);
        if (tensor.getDataType() != FLOAT || elements > Integer.MAX_VALUE / 4 || Net.isExternal(tensor)) {
            return null;
        }
        float[] data = new float[(int) elements];
        if (tensor.getRawData().size() == 4 * elements) {
            tensor.getRawData()
                    .asReadOnlyByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(data);
        } else if (tensor.getFloatDataCount() == elements) {
            for (int k = 0; k < data.length; k++) {
                data[k] = tensor.getFloatData(k);
            }
        } else {
            return null;
        }
        return new Constant(
                tensor.getDimsList().stream().mapToLong(Long::longValue).toArray(), data);
    }

    /** The elements of an INT64 or INT32 tensor; null for others. */
    static long @Nullable [] longs(OnnxMl.TensorProto tensor) {
        long elements = elements(tensor);
        int type = tensor.getDataType();
        boolean wide = type == OnnxMl.TensorProto.DataType.INT64_VALUE;
        if ((!wide && type != OnnxMl.TensorProto.DataType.INT32_VALUE) || elements > MAX_INTEGERS) {
            return null;
        }
        long[] data = new long[(int) elements];
        ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (raw.remaining() == (wide ? 8 : 4) * elements) {
            Arrays.setAll(data, k -> wide ? raw.getLong(8 * k) : raw.getInt(4 * k));
        } else if (wide && tensor.getInt64DataCount() == elements) {
            Arrays.setAll(data, tensor::getInt64Data);
        } else if (!wide && tensor.getInt32DataCount() == elements) {
            Arrays.setAll(data, tensor::getInt32Data);
        } else {
            return null;
        }
        return data;
    }

    static OnnxMl.TensorProto proto(String name, Constant constant) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, constant.data().length))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(constant.data());
        return proto(name, FLOAT, constant.dims(), bytes);
    }

    static OnnxMl.TensorProto proto(String name, long[] dims, long[] integers) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(8, integers.length)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(integers);
        return proto(name, OnnxMl.TensorProto.DataType.INT64_VALUE, dims, bytes);
    }

    private static OnnxMl.TensorProto proto(String name, int type, long[] dims, ByteBuffer bytes) {
        return OnnxMl.TensorProto.newBuilder()
                .setName(name)
                .setDataType(type)
                .addAllDims(Arrays.stream(dims).boxed().toList())
                .setRawData(ByteString.copyFrom(bytes))
                .build();
    }

    /** The listing of a tensor as an input. */
    static OnnxMl.ValueInfoProto info(OnnxMl.ValueInfoProto input, OnnxMl.TensorProto tensor) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        tensor.getDimsList()
                .forEach(dim -> shape.addDim(
                        OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(Objects.requireNonNull(dim))));
        return input.toBuilder()
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(tensor.getDataType())
                                .setShape(shape)))
                .build();
    }
}
