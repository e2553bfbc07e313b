package io.detinit.interop.torch;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes a pickle of protocol 2 opcode by opcode (CPython's {@code pickletools}). Nothing is memoised: an object that stands twice is
 * written twice. Not safe for use by several threads.
 */
final class PickleWriter {

    private static final int PROTOCOL = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    PickleWriter() {
        out.write(0x80);
        out.write(PROTOCOL);
    }

    /** A class or function by its name. */
    PickleWriter global(String module, String name) {
        return put("c" + module + "\n" + name + "\n");
    }

    PickleWriter mark() {
        return put("(");
    }

    /** The tuple of everything since the mark. */
    PickleWriter tuple() {
        return put("t");
    }

    PickleWriter emptyTuple() {
        return put(")");
    }

    /** Calls a function with a tuple of arguments. */
    PickleWriter reduce() {
        return put("R");
    }

    /** The object that a tuple names outside the pickle. */
    PickleWriter persistent() {
        return put("Q");
    }

    /** False. */
    PickleWriter no() {
        return put("\u0089");
    }

    PickleWriter text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        put("X");
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        out.writeBytes(utf8);
        return this;
    }

    /** A number >= 0. */
    PickleWriter number(long number) {
        if (number < 256) {
            put("K");
            out.write((int) number);
        } else if (number <= Integer.MAX_VALUE) {
            put("J");
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) number)
                    .array());
        } else {
            byte[] bytes = BigInteger.valueOf(number).toByteArray();
            put("\u008A");
            out.write(bytes.length);
            for (int k = bytes.length - 1; k >= 0; k--) {
                out.write(bytes[k]);
            }
        }
        return this;
    }

    /** A tuple of numbers. */
    PickleWriter numbers(long[] numbers) {
        if (numbers.length == 0) {
            return emptyTuple();
        }
        mark();
        for (long number : numbers) {
            number(number);
        }
        return tuple();
    }

    /** Sets the keys and values since the mark in the dictionary before it. */
    PickleWriter setItems() {
        return put("u");
    }

    /** Ends the pickle. */
    byte[] bytes() {
        put(".");
        return out.toByteArray();
    }

    private PickleWriter put(String opcodes) {
        out.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }
}
