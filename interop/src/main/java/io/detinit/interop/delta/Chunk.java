package io.detinit.interop.delta;

import io.detinit.interop.file.MalformedFileException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * At most {@value #BYTES} bytes in one of four encodings. Chunks know nothing of one another, so any of them is read alone
 * and many at once.
 *
 * <p>Immutable; safe for use by many threads.
 */
final class Chunk {

    /** The most bytes of a chunk. */
    static final int BYTES = 1 << 16;

    /** The most bits of a chunk. */
    static final int BITS = 8 * BYTES;

    private static final int LEVEL = 9;

    /** Inflating takes time: it has to save at least one in so many bytes of the chunk and what lies beside it. */
    private static final int WORTH = 16;

    /** How the bytes are written. */
    enum Encoding {
        /** All bits are 0; no payload. */
        ZEROS(0),
        /** All bits are 1, up to the last one that counts; no payload. */
        ONES(1),
        /** The bytes themselves. */
        RAW(2),
        /** A raw deflate stream (RFC 1951), shorter than the bytes. */
        DEFLATED(3);

        private static final List<Encoding> BY_CODE = List.of(ZEROS, ONES, RAW, DEFLATED);

        private final int code;

        Encoding(int code) {
            this.code = code;
        }

        /** The number in the table. */
        int code() {
            return code;
        }

        static Optional<Encoding> of(int code) {
            return code < BY_CODE.size() ? Optional.of(BY_CODE.get(code)) : Optional.empty();
        }
    }

    private final Encoding encoding;
    private final byte[] payload;

    private Chunk(Encoding encoding, byte[] payload) {
        this.encoding = encoding;
        this.payload = payload;
    }

    Encoding encoding() {
        return encoding;
    }

    /** The encoded bytes; not to be changed. */
    byte[] payload() {
        return payload;
    }

    /** Encodes bytes of which all bits count. */
    static Chunk encode(byte[] bytes) {
        return encode(bytes, 8 * bytes.length, 0);
    }

    /**
     * Encodes bits.
     *
     * @param bytes the bits, the first in the lowest bit of the first byte; those from {@code bits} on are 0
     * @param bits how many bits count, more than 8 * (bytes - 1)
     * @param beside how many bytes of values the bits stand for
     * @return the shortest encoding, but the bytes themselves where deflating would save less than a sixteenth of them and the values
     */
    static Chunk encode(byte[] bytes, int bits, long beside) {
        byte[] best = bytes;
        Encoding encoding = Encoding.RAW;
        if (isConstant(bytes, bits, 0)) {
            return new Chunk(Encoding.ZEROS, new byte[0]);
        }
        if (isConstant(bytes, bits, 0xFF)) {
            return new Chunk(Encoding.ONES, new byte[0]);
        }
        // without matches first: of bits without a pattern their distances cost more than they save
        for (int strategy : new int[] {Deflater.HUFFMAN_ONLY, Deflater.DEFAULT_STRATEGY}) {
            byte[] deflated = deflate(bytes, strategy);
            if (deflated.length < best.length) {
                best = deflated;
                encoding = Encoding.DEFLATED;
            }
        }
        boolean worth = WORTH * (long) (bytes.length - best.length) >= bytes.length + beside;
        return worth ? new Chunk(encoding, best.clone()) : new Chunk(Encoding.RAW, bytes.clone());
    }

    private static boolean isConstant(byte[] bytes, int bits, int value) {
        int last = bytes.length - 1;
        for (int k = 0; k < last; k++) {
            if (bytes[k] != (byte) value) {
                return false;
            }
        }
        return last < 0 || bytes[last] == (byte) (value & lastByte(bits));
    }

    /** The bits of the last byte that count. */
    private static int lastByte(int bits) {
        return bits % 8 == 0 ? 0xFF : (1 << bits % 8) - 1;
    }

    private static byte[] deflate(byte[] bytes, int strategy) {
        Deflater deflater = new Deflater(LEVEL, true);
        try {
            deflater.setStrategy(strategy);
            deflater.setInput(bytes);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[1 << 13];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    /**
     * Decodes a chunk that a file holds.
     *
     * @param encoding how it is written
     * @param payload its bytes in the file
     * @param bits how many bits it has, in [1, {@value #BITS}]
     * @param path the file, for messages
     * @param where the chunk, for messages
     * @return the bytes; the bits that do not count are 0
     * @throws MalformedFileException if the payload is not exactly those bytes
     */
    static byte[] decode(Encoding encoding, byte[] payload, int bits, Object path, String where)
            throws MalformedFileException {
        byte[] bytes = new byte[(bits + 7) / 8];
        switch (encoding) {
            case ZEROS -> {}
            case ONES -> {
                Arrays.fill(bytes, (byte) 0xFF);
                bytes[bytes.length - 1] &= (byte) lastByte(bits);
            }
            case RAW -> System.arraycopy(payload, 0, bytes, 0, bytes.length);
            case DEFLATED -> inflate(payload, bytes, path, where);
        }
        if ((bytes[bytes.length - 1] & ~lastByte(bits) & 0xFF) != 0) {
            throw MalformedFileException.of(path, where, "a bit after the last of " + bits, "zeros there");
        }
        return bytes;
    }

    private static void inflate(byte[] payload, byte[] bytes, Object path, String where) throws MalformedFileException {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(payload);
            int count = inflater.inflate(bytes);
            byte[] more = new byte[1];
            // the end of a stream that was read to its last byte is seen by asking for one more
            if (count != bytes.length || inflater.inflate(more) != 0 || !inflater.finished()) {
                throw MalformedFileException.of(
                        path, where, "a stream of another length than " + bytes.length, bytes.length + " bytes");
            }
            if (inflater.getRemaining() != 0) {
                throw MalformedFileException.of(
                        path, where, inflater.getRemaining() + " bytes after the stream's end", "none");
            }
        } catch (DataFormatException e) {
            throw MalformedFileException.of(
                    path, where, "bytes that are no deflate stream: " + e.getMessage(), bytes.length + " bytes");
        } finally {
            inflater.end();
        }
    }
}
