package io.detinit.spark;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds pickles opcode by opcode, as PyTorch writes them. */
final class TorchPickle {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    TorchPickle() {
        ops("\u0080\u0002");
    }

    TorchPickle ops(String opcodes) {
        out.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    TorchPickle text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return ops("X").little(4, utf8.length).ops(new String(utf8, StandardCharsets.ISO_8859_1));
    }

    TorchPickle number(long number) {
        return ops("\u008A\u0008").little(8, number);
    }

    private TorchPickle little(int bytes, long number) {
        byte[] all = new byte[8];
        ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
        out.write(all, 0, bytes);
        return this;
    }

    TorchPickle global(String module, String name) {
        return ops("c" + module + "\n" + name + "\n");
    }

    /** A tuple. */
    TorchPickle numbers(long... numbers) {
        ops("(");
        for (long number : numbers) {
            number(number);
        }
        return ops("t");
    }

    /** A {@code torch.Size}. */
    TorchPickle size(long... numbers) {
        return global("torch", "Size").numbers(numbers).ops("\u0085R");
    }

    /** An object whose attributes follow, up to {@code ops("ub")}. */
    TorchPickle object(String module, String name) {
        return global(module, name).ops(")\u0081}(");
    }

    /** A tensor that is a view of a storage. */
    TorchPickle tensor(String storage, String key, long elements, long offset, long[] sizes, long[] strides) {
        global("torch._utils", "_rebuild_tensor_v2").ops("((").text("storage").global("torch", storage);
        text(key).text("cpu").number(elements).ops("tQ").number(offset).numbers(sizes);
        return numbers(strides)
                .ops("\u0089")
                .global("collections", "OrderedDict")
                .ops(")RtR");
    }

    /** Ends the pickle. */
    byte[] stop() {
        return ops(".").out.toByteArray();
    }
}
