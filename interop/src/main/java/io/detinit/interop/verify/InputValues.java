package io.detinit.interop.verify;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.detinit.generator.ReducedPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * What one input is fed with.
 *
 * @param input the input
 * @param values its elements, row-major: float32 values, or integers that the input's type holds
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record InputValues(FilledInput input, double[] values) {

    /** The values in the input's type, in native memory; close it. */
    OnnxTensor tensor(OrtEnvironment environment) throws OrtException {
        long[] dims = input.dims();
        return switch (input.input().dtype()) {
            case F64 -> OnnxTensor.createTensor(environment, DoubleBuffer.wrap(values), dims);
            case F16 -> OnnxTensor.createTensor(environment, shorts(), dims, OnnxJavaType.FLOAT16);
            case BF16 -> OnnxTensor.createTensor(environment, shorts(), dims, OnnxJavaType.BFLOAT16);
            case I16 -> OnnxTensor.createTensor(environment, shorts(), dims);
            case I8 -> OnnxTensor.createTensor(environment, octets(), dims, OnnxJavaType.INT8);
            case U8 -> OnnxTensor.createTensor(environment, octets(), dims, OnnxJavaType.UINT8);
            case BOOL -> OnnxTensor.createTensor(environment, octets(), dims, OnnxJavaType.BOOL);
            case I32 -> {
                IntBuffer ints = IntBuffer.allocate(values.length);
                for (double value : values) {
                    ints.put((int) value);
                }
                yield OnnxTensor.createTensor(environment, ints.flip(), dims);
            }
            case I64 -> {
                LongBuffer longs = LongBuffer.allocate(values.length);
                for (double value : values) {
                    longs.put((long) value);
                }
                yield OnnxTensor.createTensor(environment, longs.flip(), dims);
            }
            default -> OnnxTensor.createTensor(environment, floats(), dims);
        };
    }

    private FloatBuffer floats() {
        FloatBuffer floats = FloatBuffer.allocate(values.length);
        for (double value : values) {
            floats.put((float) value);
        }
        return floats.flip();
    }

    private ShortBuffer shorts() {
        ShortBuffer shorts = ShortBuffer.allocate(values.length);
        for (double value : values) {
            shorts.put(
                    switch (input.input().dtype()) {
                        case F16 -> ReducedPrecision.toFloat16((float) value);
                        case BF16 -> ReducedPrecision.toBfloat16((float) value);
                        default -> (short) value;
                    });
        }
        return shorts.flip();
    }

    private ByteBuffer octets() {
        ByteBuffer octets = ByteBuffer.allocate(values.length).order(ByteOrder.nativeOrder());
        for (double value : values) {
            octets.put((byte) (int) value);
        }
        return octets.flip();
    }
}
