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
            int at = 0;
            while (at < chunk.limit()) {
                if (size < 8 && at + 8 <= chunk.limit() && chunk.getLong(at) == 0) {
                    at += 8; // mostly zeros
                    continue;
                }
                if (isSet(chunk, at, size)) {
                    sink.accept((from + at) / size, chunk, at);
                }
                at += size;
            }
        }
    }

    private static boolean isSet(ByteBuffer chunk, int at, int size) {
        return switch (size) {
            case 1 -> chunk.get(at) != 0;
            case 2 -> chunk.getShort(at) != 0;
            case 4 -> chunk.getInt(at) != 0;
            case 8 -> chunk.getLong(at) != 0;
            default -> chunk.getLong(at) != 0 || chunk.getLong(at + 8) != 0;
        };
    }
}
