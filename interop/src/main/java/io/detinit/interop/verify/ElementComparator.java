package io.detinit.interop.verify;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Compares the elements of two tensors of one dtype and shape, chunk by chunk. Not thread-safe. */
final class ElementComparator {

    private static final int CHUNK_BYTES = 1 << 16; // a multiple of every element size

    private final DType dtype;
    private long differing;
    private double maxAbsDifference;

    ElementComparator(DType dtype) {
        this.dtype = dtype;
    }

    long differing() {
        return differing;
    }

    double maxAbsDifference() {
        return maxAbsDifference;
    }

    void compare(TensorView first, TensorView second) throws IOException {
        long bytes = first.info().bytes();
        ByteBuffer a = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer b = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < bytes; at += CHUNK_BYTES) {
            int length = (int) Math.min(CHUNK_BYTES, bytes - at);
            first.readBytes(at, a.clear().limit(length));
            second.readBytes(at, b.clear().limit(length));
            a.flip();
            b.flip();
            if (a.mismatch(b) >= 0) {
                compareChunk(a, b);
            }
        }
    }

    private void compareChunk(ByteBuffer a, ByteBuffer b) {
        int size = dtype.isWholeBytes() ? dtype.bytes() : 1; // packed elements are counted byte by byte
        for (int at = 0; at < a.limit(); at += size) {
            if (bits(a, at) != bits(b, at) || (size == 16 && a.getLong(at + 8) != b.getLong(at + 8))) {
                differing++;
                double difference = difference(value(a, at), value(b, at));
                maxAbsDifference = isCompared() ? Math.max(maxAbsDifference, difference) : Double.NaN;
            }
        }
    }

    /** |a - b|; 0 for two NaNs or two equal infinities, infinite where only one is a NaN. */
    static double difference(double a, double b) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Double.isNaN(a) && Double.isNaN(b) ? 0 : Double.POSITIVE_INFINITY;
        }
        return a == b ? 0 : Math.abs(a - b);
    }

    private boolean isCompared() {
        return switch (dtype) {
            case F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> true;
            default -> false;
        };
    }

    private long bits(ByteBuffer bytes, int at) {
        return switch (dtype.bits()) {
            case 64, 128 -> bytes.getLong(at);
            case 32 -> bytes.getInt(at);
            case 16 -> bytes.getShort(at);
            default -> bytes.get(at);
        };
    }

    private double value(ByteBuffer bytes, int at) {
        return switch (dtype) {
            case F64 -> bytes.getDouble(at);
            case F32 -> bytes.getFloat(at);
            case F16 -> ReducedPrecision.fromFloat16(bytes.getShort(at));
            case BF16 -> ReducedPrecision.fromBfloat16(bytes.getShort(at));
            case U8 -> Byte.toUnsignedInt(bytes.get(at));
            case U16 -> Short.toUnsignedInt(bytes.getShort(at));
            case U32 -> Integer.toUnsignedLong(bytes.getInt(at));
            case U64 -> {
                long bits = bytes.getLong(at);
                yield bits >= 0 ? (double) bits : ((bits >>> 1) | (bits & 1)) * 2.0;
            }
            default -> (double) bits(bytes, at);
        };
    }
}
