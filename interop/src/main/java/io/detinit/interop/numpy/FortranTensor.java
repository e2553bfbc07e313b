package io.detinit.interop.numpy;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that is stored with its first axis varying fastest, presented row by row.
 *
 * <p>Elements are put in order in slabs: a range of the row-major elements of at most 64 MiB is gathered in one pass from the first
 * stored byte to the last, which suits mapped and inflated sources alike, and kept while memory allows. An array up to that size
 * costs one pass, a larger one a pass for each 64 MiB.
 *
 * <p>Safe for use by many threads while the source is open.
 */
final class FortranTensor implements TensorView {

    private static final int SLAB = 1 << 26;
    private static final int WINDOW = 1 << 20;

    private final TensorInfo info;
    private final ByteSource source;
    private final NpyType type;
    private final int slabBytes;
    private volatile SoftReference<@Nullable Slab> last = new SoftReference<>(null);

    /** Some row-major elements, little-endian. */
    private record Slab(long number, ByteBuffer bytes) {}

    FortranTensor(TensorInfo info, ByteSource source, NpyType type) {
        this(info, source, type, SLAB);
    }

    /** With slabs of another size, a multiple of the element size. */
    FortranTensor(TensorInfo info, ByteSource source, NpyType type, int slabBytes) {
        this.info = info;
        this.source = source;
        this.type = type;
        this.slabBytes = slabBytes;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public String location() {
        return "byte " + source.filePosition(0) + ", first axis fastest";
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        long at = position;
        while (destination.hasRemaining()) {
            ByteBuffer slab = slab(at / slabBytes);
            int offset = (int) (at % slabBytes);
            int count = Math.min(destination.remaining(), slab.capacity() - offset);
            destination.put(slab.slice(offset, count));
            at += count;
        }
    }

    private ByteBuffer slab(long number) throws IOException {
        Slab known = last.get();
        if (known != null && known.number() == number) {
            return known.bytes();
        }
        synchronized (this) {
            known = last.get();
            if (known == null || known.number() != number) {
                known = new Slab(number, gather(number));
                last = new SoftReference<>(known);
            }
            return known.bytes();
        }
    }

    /** One pass over the source; its runs are along the first axis, which is the slowest one of the slab. */
    private ByteBuffer gather(long number) throws IOException {
        int size = info.dtype().bytes();
        long begin = number * (slabBytes / size);
        long end = Math.min(begin + slabBytes / size, info.shape().elements());
        byte[] slab = new byte[Math.toIntExact((end - begin) * size)];
        long[] dims = info.shape().dims();
        long rows = dims[0];
        long rowElements = info.shape().elements() / rows;
        Runs runs = new Runs(source, rows * size);
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int axis = dims.length - 1; axis > 0; axis--) {
            strides[axis] = stride;
            stride *= dims[axis];
        }
        long[] index = new long[dims.length];
        long inRow = 0; // the row-major place within a row of the run at hand
        for (long run = 0; run < rowElements; run++) {
            long from = firstRow(begin, inRow, rowElements);
            long to = Math.min(rows, firstRow(end, inRow, rowElements));
            if (from < to) {
                ByteBuffer stored = runs.get((run * rows + from) * size, (to - from) * size);
                int step = Math.toIntExact(Math.min(rowElements * size, slab.length));
                int at = Math.toIntExact((from * rowElements + inRow - begin) * size);
                for (int k = stored.position(); k < stored.limit(); k += size, at += step) {
                    stored.get(k, slab, at, size);
                }
            }
            inRow = next(index, dims, strides, inRow);
        }
        ByteBuffer bytes = ByteBuffer.wrap(slab);
        if (type.bigEndian()) {
            ByteSwap.numbers(bytes, type.numberBytes());
        }
        return bytes;
    }

    /** The first row whose element at a place in the row is not before an element. */
    private static long firstRow(long element, long inRow, long rowElements) {
        return element <= inRow ? 0 : (element - inRow + rowElements - 1) / rowElements;
    }

    /** Counts the axes after the first up, the second fastest, and follows the row-major place. */
    private static long next(long[] index, long[] dims, long[] strides, long inRow) {
        long place = inRow;
        for (int axis = 1; axis < dims.length; axis++) {
            index[axis]++;
            place += strides[axis];
            if (index[axis] < dims[axis]) {
                return place;
            }
            place -= index[axis] * strides[axis];
            index[axis] = 0;
        }
        return place;
    }

    /** Reads runs in ascending order, short neighbours together. */
    private static final class Runs {
        private final ByteSource source;
        private final boolean together;
        private ByteBuffer window = ByteBuffer.allocate(0);
        private long windowFrom;

        Runs(ByteSource source, long distance) {
            this.source = source;
            this.together = distance <= WINDOW / 4;
        }

        /** The bytes of a run, from position to limit of a buffer that is valid until the next call. */
        ByteBuffer get(long position, long length) throws IOException {
            long offset = position - windowFrom;
            if (offset < 0 || offset + length > window.capacity()) {
                long bytes = together ? Math.min(WINDOW, source.size() - position) : length;
                if (bytes != window.capacity()) {
                    window = ByteBuffer.allocate(Math.toIntExact(bytes));
                }
                windowFrom = position;
                source.read(position, window.clear());
                offset = 0;
            }
            return window.limit((int) (offset + length)).position((int) offset);
        }
    }
}
