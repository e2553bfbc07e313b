package io.detinit.interop.onnx;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.PartsWriter;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A part of a new file: bytes of an old one, new ones, or a tensor's elements. */
sealed interface Piece {

    long length();

    void addTo(PartsWriter parts);

    /** Bytes of a file that is there. */
    record Range(ByteSource source, long from, long to) implements Piece {
        @Override
        public long length() {
            return to - from;
        }

        @Override
        public void addTo(PartsWriter parts) {
            parts.range(source, from, to);
        }
    }

    /** New bytes. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Bytes(byte[] bytes) implements Piece {
        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public void addTo(PartsWriter parts) {
            parts.bytes(bytes);
        }
    }

    /** All elements of a tensor. */
    record Elements(TensorView tensor) implements Piece {
        @Override
        public long length() {
            return tensor.info().bytes();
        }

        @Override
        public void addTo(PartsWriter parts) {
            parts.elements(tensor);
        }
    }

    /** The elements of a tensor that are not all zero bits, or their linear positions as INT64. */
    record NonZero(TensorView tensor, long count, boolean positions) implements Piece {
        @Override
        public long length() {
            return count * (positions ? 8 : tensor.info().dtype().bytes());
        }

        @Override
        public void addTo(PartsWriter parts) {
            parts.stream(length(), channel -> NonZeros.write(tensor, count, positions, channel));
        }
    }

    static void fully(FileChannel target, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
    }

    static long length(List<Piece> pieces) {
        long sum = 0;
        for (Piece piece : pieces) {
            sum = Math.addExact(sum, piece.length());
        }
        return sum;
    }

    static void write(List<Piece> pieces, FileChannel target) throws IOException {
        PartsWriter parts = new PartsWriter();
        pieces.forEach(piece -> piece.addTo(parts));
        parts.write(target);
    }

    /** The tag and length of a field. */
    static Bytes header(int field, long length) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(12);
        varint(out, ((long) field << 3) | WireCursor.BYTES);
        varint(out, length);
        return new Bytes(out.toByteArray());
    }

    /** A VARINT field. */
    static Bytes number(int field, long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(12);
        varint(out, ((long) field << 3) | WireCursor.VARINT);
        varint(out, value);
        return new Bytes(out.toByteArray());
    }

    /** A text field. */
    static Bytes text(int field, String text) {
        return message(field, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A StringStringEntryProto. */
    static Bytes entry(int field, String key, String value) {
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        entry.writeBytes(text(ModelField.ENTRY_KEY, key).bytes());
        entry.writeBytes(text(ModelField.ENTRY_VALUE, value).bytes());
        return message(field, entry.toByteArray());
    }

    /** A field whose value is a message. */
    static Bytes message(int field, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 12);
        out.writeBytes(header(field, content.length).bytes());
        out.writeBytes(content);
        return new Bytes(out.toByteArray());
    }

    static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
