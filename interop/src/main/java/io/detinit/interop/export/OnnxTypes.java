package io.detinit.interop.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.ReducedPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** DJL's dtypes as ONNX's, and elements as the little-endian bytes of raw_data. */
final class OnnxTypes {

    private static final float MAX_FLOAT16 = 65504;

    private OnnxTypes() {}

    /** The number of a dtype in TensorProto.DataType; 0 where ONNX has none. */
    static int code(DataType type) {
        return switch (type) {
            case FLOAT32 -> OnnxMl.TensorProto.DataType.FLOAT_VALUE;
            case FLOAT64 -> OnnxMl.TensorProto.DataType.DOUBLE_VALUE;
            case FLOAT16 -> OnnxMl.TensorProto.DataType.FLOAT16_VALUE;
            case INT64 -> OnnxMl.TensorProto.DataType.INT64_VALUE;
            case INT32 -> OnnxMl.TensorProto.DataType.INT32_VALUE;
            case INT16 -> OnnxMl.TensorProto.DataType.INT16_VALUE;
            case INT8 -> OnnxMl.TensorProto.DataType.INT8_VALUE;
            case UINT8 -> OnnxMl.TensorProto.DataType.UINT8_VALUE;
            case BOOLEAN -> OnnxMl.TensorProto.DataType.BOOL_VALUE;
            default -> 0;
        };
    }

    /** A tensor without a name whose elements are all the same number. */
    static OnnxMl.TensorProto filled(DataType type, double value, long... dims) {
        int count = Math.toIntExact(new Shape(dims).size());
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(count, type.getNumOfBytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < count; k++) {
            switch (type) {
                case FLOAT32 -> bytes.putFloat((float) value);
                case FLOAT64 -> bytes.putDouble(value);
                case FLOAT16 -> bytes.putShort(ReducedPrecision.toFloat16(inFloat16((float) value)));
                case INT64 -> bytes.putLong((long) value);
                case INT32 -> bytes.putInt((int) value);
                case INT16 -> bytes.putShort((short) value);
                default -> bytes.put((byte) value);
            }
        }
        return tensor(type, dims, bytes.array());
    }

    static OnnxMl.TensorProto longs(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return tensor(DataType.INT64, new long[] {values.length}, bytes.array());
    }

    /** The elements of an array; a float32 one as float16 where that is the type asked for. */
    static OnnxMl.TensorProto array(NDArray array, DataType type) {
        byte[] bytes;
        if (type == DataType.FLOAT16 && array.getDataType() == DataType.FLOAT32) {
            float[] values = array.toFloatArray();
            ByteBuffer halves = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
            for (float value : values) {
                halves.putShort(ReducedPrecision.toFloat16(inFloat16(value)));
            }
            bytes = halves.array();
        } else {
            bytes = littleEndian(array);
        }
        return tensor(type, array.getShape().getShape(), bytes);
    }

    /** A finite number stays finite, so that a mask's -100000 times 0 is 0 and not NaN. */
    private static float inFloat16(float value) {
        return Float.isFinite(value) ? Math.max(-MAX_FLOAT16, Math.min(MAX_FLOAT16, value)) : value;
    }

    private static OnnxMl.TensorProto tensor(DataType type, long[] dims, byte[] bytes) {
        return OnnxMl.TensorProto.newBuilder()
                .setDataType(code(type))
                .addAllDims(dims(dims))
                .setRawData(ByteString.copyFrom(bytes))
                .build();
    }

    static List<Long> dims(long... dims) {
        return Arrays.stream(dims).boxed().toList();
    }

    /** An array's elements row by row, bit for bit. */
    static byte[] littleEndian(NDArray array) {
        if (array.getDevice().isGpu()) {
            try (NDArray copy = array.toDevice(Device.cpu(), true)) {
                return littleEndian(copy);
            }
        }
        ByteBuffer from = array.toByteBuffer().order(ByteOrder.nativeOrder());
        ByteBuffer to = ByteBuffer.allocate(from.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        switch (array.getDataType().getNumOfBytes()) {
            case 2 -> to.asShortBuffer().put(from.asShortBuffer());
            case 4 -> to.asIntBuffer().put(from.asIntBuffer());
            case 8 -> to.asLongBuffer().put(from.asLongBuffer());
            default -> to.put(from);
        }
        return to.array();
    }
}
