package io.detinit.interop.torch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds pickles opcode by opcode, as {@code torch.save} writes them. */
public final class PickleBytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A pickle of protocol 2. */
    public PickleBytes() {
        bytes(0x80, 2);
    }

    /** Raw bytes. */
    public PickleBytes bytes(int... octets) {
        for (int octet : octets) {
            out.write(octet);
        }
        return this;
    }

    /** Opcodes that are characters. */
    public PickleBytes ops(String opcodes) {
        out.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** BINUNICODE. */
    public PickleBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ops("X");
        out.writeBytes(little(4, utf8.length));
        out.writeBytes(utf8);
        return this;
    }

    /** BININT, or LONG1 beyond 32 bits. */
    public PickleBytes number(long number) {
        if (number == (int) number) {
            ops("J");
            out.writeBytes(little(4, number));
        } else {
            bytes(0x8A, 8);
            out.writeBytes(little(8, number));
        }
        return this;
    }

    /** GLOBAL. */
    public PickleBytes global(String module, String name) {
        return ops("c" + module + "\n" + name + "\n");
    }

    /** A tuple of numbers. */
    public PickleBytes numbers(long... numbers) {
        ops("(");
        for (long number : numbers) {
            number(number);
        }
        return ops("t");
    }

    /** A tensor that is a view of a float32 storage. */
    public PickleBytes tensor(String key, long elements, long offset, long[] sizes, long[] strides) {
        return tensor("FloatStorage", key, elements, offset, sizes, strides);
    }

    /** A tensor that is a view of a storage. */
    public PickleBytes tensor(String storage, String key, long elements, long offset, long[] sizes, long[] strides) {
        global("torch._utils", "_rebuild_tensor_v2")
                .ops("((")
                .text("storage")
                .global("torch", storage)
                .text(key)
                .text("cpu");
        number(elements)
                .ops("tQ")
                .number(offset)
                .numbers(sizes)
                .numbers(strides)
                .bytes(0x89);
        return global("collections", "OrderedDict").ops(")RtR");
    }

    /** A dict of one entry whose value follows; to be closed with {@code ops("s")}. */
    public PickleBytes entry(String name) {
        return ops("}").text(name);
    }

    /** STOP, and the bytes. */
    public byte[] stop() {
        return ops(".").out.toByteArray();
    }

    private static byte[] little(int bytes, long number) {
        byte[] all = new byte[8];
        ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
        return java.util.Arrays.copyOf(all, bytes);
    }
}
