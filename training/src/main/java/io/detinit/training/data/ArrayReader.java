package io.detinit.training.data;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

/** Reads the elements of arrays as numbers, in order and piece by piece. Stateless; safe for use by many threads. */
final class ArrayReader {

    /** Bytes read at once; a multiple of every element size. */
    private static final int PIECE = 1 << 20;

    private static final int LARGEST = Integer.MAX_VALUE - 8;

    private static final Set<DType> REAL = EnumSet.of(
            DType.F64,
            DType.F32,
            DType.F16,
            DType.I64,
            DType.I32,
            DType.I16,
            DType.I8,
            DType.U64,
            DType.U32,
            DType.U16,
            DType.U8,
            DType.BOOL);

    /** Receives numbers. */
    @FunctionalInterface
    interface Sink {
        /**
         * Takes the next number.
         *
         * @param place its place in the array, row-major
         * @param value the number, as it is stored
         * @throws MalformedFileException if it is none that is allowed
         */
        void put(int place, double value) throws MalformedFileException;
    }

    private ArrayReader() {}

    /** Refuses arrays whose elements are no real numbers, or too many for an array of Java's. */
    static TensorView checked(Object file, TensorView array) throws MalformedFileException {
        String name = array.info().name();
        if (!REAL.contains(array.info().dtype())) {
            throw MalformedFileException.unsupported(
                    file, name, "the type " + array.info().dtype(), "save real numbers");
        }
        if (array.info().shape().elements() > LARGEST) {
            throw MalformedFileException.of(file, name, array.info().shape() + " elements", "at most 2^31-9");
        }
        return array;
    }

    /** The elements of a uint8 array as they lie. */
    static byte[] bytes(TensorView array) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(array.info().bytes())];
        for (int at = 0; at < bytes.length; at += PIECE) {
            int length = Math.min(PIECE, bytes.length - at);
            array.readBytes(at, ByteBuffer.wrap(bytes, at, length).slice());
        }
        return bytes;
    }

    /** Every element as a double; only 64-bit integers beyond 2^53 are rounded. */
    static void numbers(TensorView array, Sink sink) throws IOException {
        DType dtype = array.info().dtype();
        int count = Math.toIntExact(array.info().shape().elements());
        int step = PIECE / dtype.bytes();
        ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < count; from += step) {
            int length = Math.min(step, count - from);
            array.readBytes((long) from * dtype.bytes(), piece.clear().limit(length * dtype.bytes()));
            for (int k = 0; k < length; k++) {
                sink.put(from + k, number(dtype, piece, k));
            }
        }
    }

    private static double number(DType dtype, ByteBuffer bytes, int k) {
        return switch (dtype) {
            case F64 -> bytes.getDouble(8 * k);
            case F32 -> bytes.getFloat(4 * k);
            case F16 -> ReducedPrecision.fromFloat16(bytes.getShort(2 * k));
            case I64 -> bytes.getLong(8 * k);
            case I32 -> bytes.getInt(4 * k);
            case I16 -> bytes.getShort(2 * k);
            case I8 -> bytes.get(k);
            case U64 -> {
                long bits = bytes.getLong(8 * k);
                yield bits >= 0 ? bits : (bits >>> 11) * 0x1p11; // rounded down to the 53 bits of a double
            }
            case U32 -> bytes.getInt(4 * k) & 0xFFFF_FFFFL;
            case U16 -> bytes.getShort(2 * k) & 0xFFFF;
            case U8, BOOL -> bytes.get(k) & 0xFF;
            default -> throw new IllegalStateException(dtype + " was refused before");
        };
    }
}
