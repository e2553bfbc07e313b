package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Elements that are not in {@code raw_data} but in a typed repeated field, packed or not: numbers of variable length, for
 * the small floats their bit patterns, for sub-byte types packed bits.
 *
 * @param label what holds the field, for messages
 * @param frame the message that holds the field
 * @param field the field's number
 * @param fieldName its name
 * @param type the element type
 * @param entryBytes how many bytes one entry stands for
 */
record TypedField(String label, Frame frame, int field, String fieldName, OnnxType type, int entryBytes) {

    /** Receives one entry of the field: the bits of a float, or the number. */
    @FunctionalInterface
    private interface Sink {
        void accept(long bits) throws IOException;
    }

    private record Count(long entries, boolean inBytes) {}

    private static final long MAX_BYTES = 1L << 30;

    /**
     * Counts the entries and checks each one's range.
     *
     * <p>Of sub-byte types an entry of {@code int32_data} may hold one byte of packed elements, as onnx.helper writes, or
     * four, as onnx.checker counts; the number of entries tells which.
     *
     * @throws MalformedFileException if there are more or fewer entries than the elements need
     */
    static TypedField of(
            FileWindow file, String label, Frame frame, int field, String fieldName, OnnxType type, TensorShape shape)
            throws IOException {
        long expected = type.dtype().bytesOf(shape.elements());
        TypedField bytewise = new TypedField(label, frame, field, fieldName, type, type.unitBytes());
        Count count = bytewise.count(file);
        long units = expected / type.unitBytes();
        boolean words = !type.dtype().isWholeBytes()
                && count.entries() == (expected + 3) / 4
                && (count.entries() != units || !count.inBytes());
        if (!words && count.entries() != units) {
            throw file.malformed(
                    label + ", " + fieldName,
                    frame.from(),
                    count.entries() + " values",
                    units + " (" + type + " " + shape + ")");
        }
        if (!words && !count.inBytes()) {
            throw file.malformed(
                    label + ", " + fieldName, frame.from(), "a value beyond 8 bits", "8 bits of packed " + type);
        }
        if (expected > MAX_BYTES) {
            throw MalformedFileException.unsupported(
                    file.name(),
                    label,
                    fieldName + " of " + expected + " bytes",
                    "save the model with raw_data, which is read in place");
        }
        return words ? new TypedField(label, frame, field, fieldName, type, 4) : bytewise;
    }

    private Count count(FileWindow file) throws IOException {
        long[] entries = {0, 0};
        boolean packedBits = !type.dtype().isWholeBytes();
        scan(file, bits -> {
            entries[0]++;
            if (packedBits && ((int) bits < -128 || (int) bits > 255)) {
                entries[1]++;
            }
        });
        return new Count(entries[0], entries[1] == 0);
    }

    /** Decodes all elements to little-endian bytes. */
    ByteBuffer decode(FileWindow file, int bytes) throws IOException {
        ByteBuffer result = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        scan(file, bits -> {
            int count = type.dtype().isWholeBytes() ? entryBytes : Math.min(entryBytes, result.remaining());
            if (result.remaining() < count || count == 0) {
                throw new IOException(file.name() + ": the file changed while it was read");
            }
            for (int k = 0; k < count; k++) {
                result.put((byte) (bits >>> (8 * k)));
            }
        });
        if (result.hasRemaining()) {
            throw new IOException(file.name() + ": the file changed while it was read");
        }
        return result.flip();
    }

    private void scan(FileWindow file, Sink sink) throws IOException {
        int width = type.wireBytes();
        WireCursor fields = WireCursor.over(file, label, frame);
        while (fields.next()) {
            if (fields.field() != field) {
                continue;
            }
            if (fields.wireType() == WireCursor.BYTES) {
                packed(file, fields, width, sink);
            } else if (width == 0) {
                sink.accept(checked(file, fields.number(fieldName), fields.fieldStart()));
            } else {
                fields.require(width == 4 ? WireCursor.FIXED32 : WireCursor.FIXED64, fieldName);
                sink.accept(file.littleEndian(fields.valueStart(), width));
            }
        }
    }

    private void packed(FileWindow file, WireCursor fields, int width, Sink sink) throws IOException {
        String where = label + ", " + fieldName;
        long end = fields.fieldEnd();
        if (width == 0) {
            WireCursor numbers = new WireCursor(file, where, fields.valueStart(), end);
            while (!numbers.atEnd()) {
                sink.accept(checked(file, numbers.varint(), fields.fieldStart()));
            }
            return;
        }
        if (fields.valueLength() % width != 0) {
            throw file.malformed(where, fields.valueStart(), fields.valueLength() + " bytes", "a multiple of " + width);
        }
        for (long at = fields.valueStart(); at < end; at += width) {
            sink.accept(file.littleEndian(at, width));
        }
    }

    /** An entry of int32_data is an int32 on the wire; small types must fit, with or without their sign. */
    private long checked(FileWindow file, long number, long position) throws MalformedFileException {
        if (!type.dtype().isWholeBytes()) {
            return (int) number;
        }
        int unit = type.unitBytes();
        switch (type.typedField()) {
            case TensorField.INT32_DATA -> {
                int entry = (int) number;
                if (type == OnnxType.BOOL) {
                    return entry == 0 ? 0 : 1;
                }
                int bits = 8 * unit;
                if (unit < 4 && (entry < -(1 << (bits - 1)) || entry >= 1 << bits)) {
                    throw file.malformed(
                            label + ", " + fieldName, position, "the value " + entry, bits + " bits as " + type);
                }
                return entry;
            }
            case TensorField.UINT64_DATA -> {
                if (unit == 4 && number >>> 32 != 0) {
                    throw file.malformed(
                            label + ", " + fieldName,
                            position,
                            "the value " + Long.toUnsignedString(number),
                            "32 bits as " + type);
                }
                return number;
            }
            default -> {
                return number;
            }
        }
    }
}
