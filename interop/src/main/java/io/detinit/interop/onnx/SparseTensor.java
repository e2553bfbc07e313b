package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A sparse tensor as the dense one it stands for; only the range that is asked for is made.
 *
 * @param info name, dtype and dims of the dense tensor
 * @param entries the elements that are there; all others are zero
 * @param location where they lie
 */
record SparseTensor(TensorInfo info, SparseEntries entries, String location) implements TensorView {

    private static final byte[] ZEROS = new byte[4096];

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        int length = destination.remaining();
        Objects.checkFromIndexSize(position, length, info.bytes());
        if (length == 0) {
            return;
        }
        int start = destination.position();
        for (int at = 0; at < length; at += ZEROS.length) {
            destination.put(ZEROS, 0, Math.min(ZEROS.length, length - at));
        }
        int size = info.dtype().bytes();
        long end = position + length;
        int entry = entries.firstAtLeast(position / size);
        long[] positions = new long[SparseEntries.CHUNK];
        while (entry < entries.count()) {
            int chunk = Math.min(SparseEntries.CHUNK, entries.count() - entry);
            entries.positions(entry, positions, chunk);
            ByteBuffer values = entries.values().view((long) entry * size, chunk * size);
            for (int k = 0; k < chunk; k++) {
                long from = positions[k] * size;
                if (from >= end) {
                    return;
                }
                int head = (int) Math.max(0, position - from);
                int tail = (int) Math.min(size, end - from);
                for (int b = head; b < tail; b++) {
                    destination.put((int) (start + from - position) + b, values.get(k * size + b));
                }
            }
            entry += chunk;
        }
    }
}
