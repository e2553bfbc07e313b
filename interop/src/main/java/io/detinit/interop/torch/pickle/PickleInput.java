package io.detinit.interop.torch.pickle;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle, in order, through a small buffer. Not safe for use by several threads. */
final class PickleInput {

    private static final int WINDOW = 1 << 15;
    private static final int MAX_LINE = 1 << 12;
    private static final int MAX_TEXT = 1 << 26;

    private final ByteSource source;
    private final ByteBuffer window = ByteBuffer.allocate(WINDOW).limit(0);
    private long next;
    private long opcodeAt;

    PickleInput(ByteSource source, long from) {
        this.source = source;
        this.next = from;
    }

    /** The position of the next byte. */
    long position() {
        return next - window.remaining();
    }

    int opcode() throws IOException {
        opcodeAt = position();
        return octet();
    }

    private int octet() throws IOException {
        if (!window.hasRemaining()) {
            int count = (int) Math.min(WINDOW, source.size() - next);
            if (count <= 0) {
                throw malformed("the end of the pickle", "STOP; it is truncated");
            }
            source.read(next, window.clear().limit(count));
            window.flip();
            next += count;
        }
        return window.get() & 0xFF;
    }

    /** A little-endian number of 1 to 8 bytes, unsigned below 8. */
    long number(int bytes) throws IOException {
        long value = 0;
        for (int k = 0; k < bytes; k++) {
            value |= (long) octet() << (8 * k);
        }
        return value;
    }

    /** A length that the rest of the pickle can hold. */
    long length(int bytes) throws IOException {
        long length = number(bytes);
        long left = source.size() - position();
        if (length < 0 || length > left) {
            throw malformed(
                    "a length of " + Long.toUnsignedString(length) + " bytes", "at most the " + left + " that follow");
        }
        if (length > MAX_TEXT) {
            throw malformed("a value of " + length + " bytes", "at most " + MAX_TEXT + " outside of a storage");
        }
        return length;
    }

    /** A frame's length says where the next one begins, which nobody here needs. */
    void frame() throws IOException {
        number(8);
    }

    byte[] bytes(long length) throws IOException {
        byte[] bytes = new byte[(int) length];
        int done = Math.min(bytes.length, window.remaining());
        window.get(bytes, 0, done);
        if (done < bytes.length) {
            source.read(next, ByteBuffer.wrap(bytes, done, bytes.length - done));
            next += bytes.length - done;
        }
        return bytes;
    }

    /** Text in UTF-8; Python may have let lone surrogates pass, which become replacement characters. */
    String text(long length) throws IOException {
        byte[] bytes = bytes(length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .onUnmappableCharacter(CodingErrorAction.REPLACE)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The two names of GLOBAL are lines. */
    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        int octet = octet();
        while (octet != '\n') {
            if (line.length() == MAX_LINE) {
                throw malformed("a name of more than " + MAX_LINE + " bytes", "a shorter one");
            }
            line.append((char) octet);
            octet = octet();
        }
        return line.toString();
    }

    MalformedFileException refused(int opcode) {
        String what = opcode > ' ' && opcode < 0x7F ? "'" + (char) opcode + "'" : String.format("0x%02x", opcode);
        return malformed("opcode " + what, "an opcode of pickle protocols 2 to 5 that PyTorch writes");
    }

    MalformedFileException malformed(String found, String expected) {
        return MalformedFileException.of(
                source.name(), "pickle, byte " + source.filePosition(opcodeAt), found, expected);
    }
}
