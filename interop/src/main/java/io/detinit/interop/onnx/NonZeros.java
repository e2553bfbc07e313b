package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** The elements of a tensor that have a bit set; a negative zero has. */
final class NonZeros {

    private static final int CHUNK = 1 << 16;

    private NonZeros() {}

    /** Receives an element. */
    @FunctionalInterface
    private interface Sink {
        void accept(long index, ByteBuffer chunk, int at) throws IOException;
    }

    static long count(TensorView tensor) throws IOException {
        long[] count = {0};
        scan(tensor, (index, chunk, at) -> count[0]++);
        return count[0];
    }

    static void write(TensorView tensor, long count, boolean positions, FileChannel target) throws IOException {
        int size = tensor.info().dtype().bytes();
        ByteBuffer out = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        long[] written = {0};
        scan(tensor, (index, chunk, at) -> {
            written[0]++;
            if (positions) {
                out.putLong(index);
            } else {
                out.put(chunk.slice(at, size));
            }
            if (out.remaining() < 16) {
                Piece.fully(target, out.flip());
                out.clear();
            }
        });
        Piece.fully(target, out.flip());
        if (written[0] != count) {
            throw new IOException("tensor '" + tensor.info().name() + "' changed while it was written");
        }
    }

    private static void scan(TensorView tensor, Sink sink) throws IOException {
        int size = tensor.info().dtype().bytes();
        long bytes = tensor.info().bytes();
        for (long from = 0; from < bytes; from += CHUNK) { // a multiple of every size
            ByteBuffer chunk = tensor.view(from, (int) Math.min(CHUNK, bytes - from));
            for (int at = 0; at < chunk.limit(); at += size) {
                int bits = 0;
                for (int b = 0; b < size; b++) {
                    bits |= chunk.get(at + b);
                }
                if (bits != 0) {
                    sink.accept((from + at) / size, chunk, at);
                }
            }
        }
    }
}
