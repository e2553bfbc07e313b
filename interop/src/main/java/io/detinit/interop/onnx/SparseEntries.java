package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The elements of a sparse tensor by strictly ascending position: read from the file where they stand so, else sorted in
 * memory. Safe for use by many threads.
 *
 * @param indices positions, as rows of {@code components} integers of 1, 2, 4 or 8 bytes
 * @param strides what each component counts; one of 1 where positions are linear already
 * @param values the elements, in the order of the indices
 * @param count how many
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SparseEntries(TensorView indices, long[] strides, TensorView values, int count) {

    /** How many positions are read at once. */
    static final int CHUNK = 1024;

    /** Reads linear positions from entry {@code first} on. */
    void positions(int first, long[] into, int count) throws IOException {
        int width = indices.info().dtype().bytes();
        int row = width * strides.length;
        ByteBuffer bytes = indices.view((long) first * row, count * row);
        int at = 0;
        for (int k = 0; k < count; k++) {
            long position = 0;
            for (long stride : strides) {
                position += stride * number(bytes, at, width);
                at += width;
            }
            into[k] = position;
        }
    }

    static long number(ByteBuffer bytes, int at, int width) {
        return switch (width) {
            case 1 -> bytes.get(at);
            case 2 -> bytes.getShort(at);
            case 4 -> bytes.getInt(at);
            default -> bytes.getLong(at);
        };
    }

    /** The first entry whose position is at least the given one; {@link #count} where there is none. */
    int firstAtLeast(long position) throws IOException {
        long[] found = new long[1];
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            positions(middle, found, 1);
            if (found[0] < position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
