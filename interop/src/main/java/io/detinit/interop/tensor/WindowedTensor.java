package io.detinit.interop.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A tensor that takes work to read and is asked for in small runs, such as the part of each row that lies in one file: a window of 1 MiB of it is in
 * memory. Not thread-safe.
 */
public final class WindowedTensor implements TensorView {

    /** Bytes of a window, a multiple of what is worked out at once. */
    private static final int WINDOW = 1 << 20;

    private final TensorView tensor;
    private final byte[] window;
    private long from;
    private int length;

    /**
     * Puts a window before a tensor.
     *
     * @param tensor the tensor
     */
    public WindowedTensor(TensorView tensor) {
        this.tensor = tensor;
        this.window = new byte[(int) Math.min(WINDOW, tensor.info().bytes())];
    }

    @Override
    public TensorInfo info() {
        return tensor.info();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info().bytes());
        long at = position;
        while (destination.hasRemaining()) {
            if (at < from || at >= from + length) {
                length = 0; // also where reading fails
                long begin = at / WINDOW * WINDOW;
                int bytes = (int) Math.min(WINDOW, info().bytes() - begin);
                tensor.readBytes(begin, ByteBuffer.wrap(window, 0, bytes));
                from = begin;
                length = bytes;
            }
            int offset = (int) (at - from);
            int count = Math.min(destination.remaining(), length - offset);
            destination.put(window, offset, count);
            at += count;
        }
    }
}
