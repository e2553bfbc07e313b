package io.detinit.interop.delta;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.tensor.DType;
import java.nio.ByteBuffer;

/**
 * Single values in little-endian buffers, between dtypes. A value of the same dtype keeps its bits, NaN payloads included; another
 * one is rounded to nearest, ties to even, float64 to 16 bits by way of float32.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class Values {

    private Values() {}

    /** The bits of an element. */
    static long bits(ByteBuffer buffer, int index, int size) {
        return switch (size) {
            case 2 -> buffer.getShort(2 * index);
            case 4 -> buffer.getInt(4 * index);
            default -> buffer.getLong(8 * index);
        };
    }

    static double get(ByteBuffer buffer, int index, DType dtype) {
        return switch (dtype) {
            case F64 -> buffer.getDouble(8 * index);
            case F32 -> buffer.getFloat(4 * index);
            case F16 -> ReducedPrecision.fromFloat16(buffer.getShort(2 * index));
            case BF16 -> ReducedPrecision.fromBfloat16(buffer.getShort(2 * index));
            default -> throw new IllegalStateException(dtype + " is no floating-point dtype");
        };
    }

    static void put(ByteBuffer buffer, int index, DType dtype, double value) {
        switch (dtype) {
            case F64 -> buffer.putDouble(8 * index, value);
            case F32 -> buffer.putFloat(4 * index, (float) value);
            case F16 -> buffer.putShort(2 * index, ReducedPrecision.toFloat16((float) value));
            case BF16 -> buffer.putShort(2 * index, ReducedPrecision.toBfloat16((float) value));
            default -> throw new IllegalStateException(dtype + " is no floating-point dtype");
        }
    }

    /** Copies an element. */
    static void copy(ByteBuffer from, int index, DType own, ByteBuffer to, int at, DType dtype) {
        if (own == dtype) {
            switch (own.bytes()) {
                case 2 -> to.putShort(2 * at, from.getShort(2 * index));
                case 4 -> to.putInt(4 * at, from.getInt(4 * index));
                default -> to.putLong(8 * at, from.getLong(8 * index));
            }
        } else {
            put(to, at, dtype, get(from, index, own));
        }
    }

    /** Whether a finite value becomes infinite in another dtype. */
    static boolean overflows(double value, DType dtype) {
        return switch (dtype) {
            case F32 -> Float.isInfinite((float) value) && !Double.isInfinite(value);
            case F16 ->
                Float.isInfinite(ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16((float) value)))
                        && !Double.isInfinite(value);
            case BF16 ->
                Float.isInfinite(ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16((float) value)))
                        && !Double.isInfinite(value);
            default -> false;
        };
    }
}
