package io.detinit.interop.tensor;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Copies boxes of elements from files to memory. Elements are visited in the order in which they lie, and the file is read in
 * windows; stretches that are not wanted are read through where they are short. Not safe for use by several threads.
 */
final class StridedRead {

    /** Bytes read at once. */
    private static final int WINDOW = 1 << 22;

    /** A stretch that costs less to read than another request does. */
    private static final long GAP = 1 << 16;

    private final ByteSource file;
    private final StridedBox box;
    private final int size;
    private final long[] count;
    private final int[] axes;
    private final ByteBuffer out;
    private final long[] outStrides;
    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowFrom;
    private int cluster;
    private long span;
    private long clusterEnd;

    /**
     * A reader of a part of a box.
     *
     * @param file the file
     * @param box where the box lies in it
     * @param size bytes of an element
     * @param count the part's shape, nowhere 0
     * @param target receives the elements as they are stored
     * @param targetStrides how far neighbours are apart there, in elements
     */
    StridedRead(ByteSource file, StridedBox box, int size, long[] count, byte[] target, long[] targetStrides) {
        this.file = file;
        this.box = box;
        this.size = size;
        this.count = count;
        this.out = ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN);
        this.outStrides = targetStrides;
        this.axes = IntStream.range(0, count.length)
                .filter(axis -> count[axis] > 1)
                .boxed()
                .sorted(Comparator.comparingLong(axis -> -box.stride(axis)))
                .mapToInt(Integer::intValue)
                .toArray();
        findClusters();
    }

    /**
     * Copies the part.
     *
     * @param first its first element, counted in the box
     * @param at where that goes in the target, in elements
     * @throws IOException if reading fails
     */
    void copy(long[] first, long at) throws IOException {
        long position = box.position();
        for (int axis = 0; axis < first.length; axis++) {
            position += first[axis] * box.stride(axis) * size;
        }
        walk(0, position, at);
    }

    /** Which of the axes, the inner ones, span stretches that are read from end to end. */
    private void findClusters() {
        span = size;
        cluster = axes.length;
        while (cluster > 0 && step(cluster - 1) - span <= GAP) {
            cluster--;
            span += (count[axes[cluster]] - 1) * step(cluster);
        }
    }

    private long step(int k) {
        return box.stride(axes[k]) * size;
    }

    private void walk(int k, long position, long at) throws IOException {
        if (k == cluster) {
            clusterEnd = position + span;
        }
        if (k == axes.length) {
            run(position, at, 1, size, 1);
        } else if (k == axes.length - 1 && cluster <= k) {
            run(position, at, count[axes[k]], step(k), outStrides[axes[k]]);
        } else {
            for (long n = 0; n < count[axes[k]]; n++) {
                walk(k + 1, position + n * step(k), at + n * outStrides[axes[k]]);
            }
        }
    }

    /** Elements along one axis. */
    private void run(long position, long at, long elements, long step, long outStep) throws IOException {
        if (step == size && outStep == 1) {
            for (long done = 0; done < elements; ) {
                int offset = ready(position + done * size);
                long here = Math.min(elements - done, (window.limit() - offset) / size);
                out.put((int) ((at + done) * size), window, offset, (int) here * size);
                done += here;
            }
            return;
        }
        for (long n = 0; n < elements; n++) {
            int offset = ready(position + n * step);
            int to = (int) ((at + n * outStep) * size);
            switch (size) {
                case 2 -> out.putShort(to, window.getShort(offset));
                case 4 -> out.putInt(to, window.getInt(offset));
                case 8 -> out.putLong(to, window.getLong(offset));
                default -> out.put(to, window, offset, size);
            }
        }
    }

    /** Where in the window an element is, which is read if need be. */
    private int ready(long position) throws IOException {
        long offset = position - windowFrom;
        if (offset >= 0 && offset + size <= window.limit()) {
            return (int) offset;
        }
        int length = (int) Math.min(WINDOW, clusterEnd - position);
        if (window.capacity() < length) {
            window = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        }
        file.read(position, window.clear().limit(length));
        window.flip();
        windowFrom = position;
        return 0;
    }
}
