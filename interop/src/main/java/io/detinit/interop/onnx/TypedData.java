package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The elements of a tensor that are not in {@code raw_data} but in one of the typed fields, packed or not: numbers of
 * variable length, for the 16-bit floats their bit patterns.
 */
final class TypedData {

    /** Receives one entry of the field: the bits of a float, or the number. */
    @FunctionalInterface
    interface Sink {
        void accept(long bits) throws IOException;
    }

    private TypedData() {}

    /**
     * Counts the entries and checks each one's range.
     *
     * @return the number of entries
     */
    static long count(FileWindow file, GraphInitializer.Location where, OnnxType type) throws IOException {
        long[] count = {0};
        scan(file, where, type, bits -> count[0]++);
        return count[0];
    }

    /** Decodes all elements to little-endian bytes; {@code bytes} is what the tensor's info says. */
    static ByteBuffer decode(FileWindow file, GraphInitializer.Location where, OnnxType type, int bytes)
            throws IOException {
        ByteBuffer result = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int unit = type.unitBytes();
        scan(file, where, type, bits -> {
            if (result.remaining() < unit) {
                throw new IOException(file.path() + ": the file changed while it was read");
            }
            switch (unit) {
                case 1 -> result.put((byte) bits);
                case 2 -> result.putShort((short) bits);
                case 4 -> result.putInt((int) bits);
                default -> result.putLong(bits);
            }
        });
        if (result.hasRemaining()) {
            throw new IOException(file.path() + ": the file changed while it was read");
        }
        return result.flip();
    }

    private static void scan(FileWindow file, GraphInitializer.Location where, OnnxType type, Sink sink)
            throws IOException {
        int field = type.typedField();
        int width = field == TensorField.FLOAT_DATA ? 4 : field == TensorField.DOUBLE_DATA ? 8 : 0;
        String label = where.label() + ", " + TensorField.nameOf(field);
        WireCursor fields = new WireCursor(file, where.label(), where.from(), where.to());
        while (fields.next()) {
            if (fields.field() != field) {
                continue;
            }
            if (fields.wireType() == WireCursor.BYTES) {
                packed(file, fields, width, type, label, sink);
            } else if (width == 0) {
                sink.accept(checked(file, fields.number(TensorField.nameOf(field)), type, label, fields.fieldStart()));
            } else {
                fields.require(width == 4 ? WireCursor.FIXED32 : WireCursor.FIXED64, TensorField.nameOf(field));
                sink.accept(file.littleEndian(fields.valueStart(), width));
            }
        }
    }

    private static void packed(FileWindow file, WireCursor fields, int width, OnnxType type, String label, Sink sink)
            throws IOException {
        long end = fields.fieldEnd();
        if (width == 0) {
            WireCursor numbers = new WireCursor(file, label, fields.valueStart(), end);
            while (!numbers.atEnd()) {
                sink.accept(checked(file, numbers.varint(), type, label, fields.fieldStart()));
            }
            return;
        }
        if (fields.valueLength() % width != 0) {
            throw file.malformed(label, fields.valueStart(), fields.valueLength() + " bytes", "a multiple of " + width);
        }
        for (long at = fields.valueStart(); at < end; at += width) {
            sink.accept(file.littleEndian(at, width));
        }
    }

    /** An entry of int32_data is an int32 on the wire; small types must fit, with or without their sign. */
    private static long checked(FileWindow file, long number, OnnxType type, String label, long position)
            throws MalformedFileException {
        int unit = type.unitBytes();
        switch (type.typedField()) {
            case TensorField.INT32_DATA -> {
                int entry = (int) number;
                if (type == OnnxType.BOOL) {
                    return entry == 0 ? 0 : 1;
                }
                int bits = 8 * unit;
                if (unit < 4 && (entry < -(1 << (bits - 1)) || entry >= 1 << bits)) {
                    throw file.malformed(label, position, "the value " + entry, bits + " bits as " + type);
                }
                return entry;
            }
            case TensorField.UINT64_DATA -> {
                if (unit == 4 && number >>> 32 != 0) {
                    throw file.malformed(
                            label, position, "the value " + Long.toUnsignedString(number), "32 bits as " + type);
                }
                return number;
            }
            default -> {
                return number;
            }
        }
    }
}
