package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Walks the fields of one protobuf message without copying it. Every length is checked against the message around it before
 * it is believed. Groups (wire types 3 and 4), which ONNX has never used, are refused.
 */
final class WireCursor {

    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    /** The longest name that is read. */
    static final int MAX_NAME_BYTES = 4096;

    private final FileWindow file;
    private final String message;
    private final long to;
    private long position;

    private int field;
    private int wireType;
    private long fieldStart;
    private long valueStart;
    private long value;

    /**
     * A walk over a message.
     *
     * @param file where it lies
     * @param message what it is, for error messages
     * @param from its first byte
     * @param to the byte after its last
     */
    WireCursor(FileWindow file, String message, long from, long to) {
        this.file = file;
        this.message = message;
        this.position = from;
        this.to = to;
    }

    /** A walk over the value of a field. */
    static WireCursor over(FileWindow file, String message, Frame frame) {
        return new WireCursor(file, message, frame.from(), frame.to());
    }

    /** Moves to the next field; false at the end of the message. */
    boolean next() throws IOException {
        if (position >= to) {
            return false;
        }
        fieldStart = position;
        long tag = varint();
        wireType = (int) (tag & 7);
        if (tag <= 7 || tag > 0xFFFFFFFFL) {
            throw file.malformed(message, fieldStart, "the protobuf tag " + tag, "a field number in 1..536870911");
        }
        field = (int) (tag >>> 3);
        valueStart = position;
        switch (wireType) {
            case VARINT -> value = varint();
            case FIXED64 -> advance(8);
            case FIXED32 -> advance(4);
            case BYTES -> {
                long length = varint();
                valueStart = position;
                advance(length);
            }
            default ->
                throw file.malformed(
                        message, fieldStart, "protobuf wire type " + wireType, "0, 1, 2 or 5: is it an ONNX file?");
        }
        return true;
    }

    int field() {
        return field;
    }

    int wireType() {
        return wireType;
    }

    /** The first byte of the field's tag. */
    long fieldStart() {
        return fieldStart;
    }

    /** The first byte of the value; behind the length where there is one. */
    long valueStart() {
        return valueStart;
    }

    /** The byte after the field. */
    long fieldEnd() {
        return position;
    }

    long valueLength() {
        return position - valueStart;
    }

    /** The value of a VARINT field. */
    long number(String name) throws IOException {
        require(VARINT, name);
        return value;
    }

    /** A walk over the message that is this field's value. */
    WireCursor nested(String name) throws IOException {
        require(BYTES, name);
        return new WireCursor(file, name, valueStart, position);
    }

    /** This field, whose value is a message. */
    Frame frame(Frame parent, String name) throws IOException {
        require(BYTES, name);
        return new Frame(parent, field, fieldStart, valueStart, position);
    }

    /** The value of a BYTES field as text. */
    String text(String name, int maxBytes) throws IOException {
        require(BYTES, name);
        if (valueLength() > maxBytes) {
            throw file.malformed(message + ", " + name, valueStart, valueLength() + " bytes", "at most " + maxBytes);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file.bytes(valueStart, position)))
                    .toString();
        } catch (CharacterCodingException e) {
            MalformedFileException malformed =
                    file.malformed(message + ", " + name, valueStart, "bytes that are not UTF-8", "UTF-8 text");
            malformed.initCause(e);
            throw malformed;
        }
    }

    /** The value of a BYTES field as text where it is a name of a usual length, else empty. */
    String name(String name) throws IOException {
        require(BYTES, name);
        return valueLength() > MAX_NAME_BYTES ? "" : text(name, MAX_NAME_BYTES);
    }

    void require(int expected, String name) throws MalformedFileException {
        if (wireType != expected) {
            throw file.malformed(
                    message + ", field " + field + " (" + name + ")",
                    fieldStart,
                    "wire type " + wireType,
                    Integer.toString(expected));
        }
    }

    /** Reads the next number of a packed field; the cursor must stand on the values themselves. */
    long varint() throws IOException {
        long start = position;
        long result = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (position >= to) {
                throw file.malformed(message, start, "its end inside a number", "a whole number");
            }
            int octet = file.unsignedByte(position++);
            result |= (octet & 0x7FL) << shift;
            if (octet < 0x80) {
                return result;
            }
        }
        throw file.malformed(message, start, "a number of more than 10 bytes", "at most 10");
    }

    boolean atEnd() {
        return position >= to;
    }

    private void advance(long bytes) throws MalformedFileException {
        if (bytes < 0 || bytes > to - position) {
            throw file.malformed(
                    message + ", field " + field,
                    fieldStart,
                    Long.toUnsignedString(bytes) + " bytes",
                    "at most the " + (to - position) + " bytes that are left");
        }
        position += bytes;
    }
}
