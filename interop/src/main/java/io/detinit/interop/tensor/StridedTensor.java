package io.detinit.interop.tensor;

import io.detinit.interop.file.MemoryBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A tensor put together from pieces, for a reader that goes over a range of it from front to back: blocks are read ahead, in few
 * requests, and nothing of what comes after the range; elements that lie together in a file that {@link
 * io.detinit.interop.file.ByteSource#isNear is near} are read as they are asked for.
 *
 * <p>Safe for use by many threads, one at a time inside.
 */
public final class StridedTensor implements TensorView {

    /** Bytes of a block whose elements lie together. */
    private static final int TOGETHER = 1 << 23;

    /** Bytes of a block whose elements do not: the larger, the longer the runs. */
    private static final int SCATTERED = 1 << 25;

    private final TensorInfo info;
    private final List<StoredPiece> pieces;
    private final StridedBox[] boxes;
    private final int size;
    private final long end;
    private final long[] dims;
    private byte[] block = {};
    private long blockFrom;
    private int blockBytes;

    /**
     * Puts a tensor together.
     *
     * @param info what it is; its elements are whole bytes
     * @param pieces as {@link TensorView#pieces} gave them: together every element once
     * @param end the element before which the reader will stop; it may read on
     */
    public StridedTensor(TensorInfo info, List<StoredPiece> pieces, long end) {
        this.info = info;
        this.pieces = List.copyOf(pieces);
        this.boxes = new StridedBox[pieces.size()];
        this.size = info.dtype().bytes();
        this.end = Math.min(end, info.shape().elements());
        this.dims = info.shape().dims();
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public List<StoredPiece> pieces() {
        return pieces;
    }

    @Override
    public synchronized void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        if (isTogether() && pieces.get(0).file().isNear() && box(0).form().isPlain(info.dtype())) {
            pieces.get(0).file().read(box(0).position() + position, destination);
            return;
        }
        long at = position;
        while (destination.hasRemaining()) {
            if (at < blockFrom || at >= blockFrom + blockBytes) {
                blockBytes = 0; // also where reading fails
                fill(at / size);
            }
            int offset = (int) (at - blockFrom);
            int count = Math.min(destination.remaining(), blockBytes - offset);
            destination.put(block, offset, count);
            at += count;
        }
    }

    private void fill(long element) throws IOException {
        if (isTogether()) {
            together(element);
        } else {
            scattered(element);
        }
    }

    /** Whether all elements lie one after the other. */
    private boolean isTogether() throws IOException {
        return pieces.size() == 1 && Arrays.equals(box(0).sizes(), dims) && box(0).isContiguous();
    }

    private StridedBox box(int piece) throws IOException {
        StridedBox known = boxes[piece];
        if (known == null) {
            StoredPiece stored = pieces.get(piece);
            known = stored.layout().in(stored.file(), info.dtype());
            boxes[piece] = known;
        }
        return known;
    }

    /** Room for a block. */
    private int room(long elements) {
        int bytes = Math.toIntExact(elements * size);
        if (block.length < bytes) {
            block = new byte[bytes];
        }
        return bytes;
    }

    private void together(long element) throws IOException {
        StridedBox box = box(0);
        long stop = element < end ? end : info.shape().elements();
        int bytes = room(Math.min(TOGETHER / size, stop - element));
        pieces.get(0).file().read(box.position() + element * size, ByteBuffer.wrap(block, 0, bytes));
        if (!box.form().isPlain(info.dtype())) {
            byte[] values = Arrays.copyOf(block, bytes);
            box.form().toValues(info.dtype(), values);
            block = values;
        }
        blockFrom = element * size;
        blockBytes = bytes;
    }

    /** A block of whole rows, of whatever axis they are small enough on. */
    private void scattered(long element) throws IOException {
        long[] begin = new long[dims.length];
        long rest = element;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            begin[axis] = rest % dims[axis];
            rest /= dims[axis];
        }
        int axis = 0;
        long inner = info.shape().elements() / dims[0];
        while (inner > SCATTERED / size && axis < dims.length - 1) {
            axis++;
            inner /= dims[axis];
        }
        long[] count = dims.clone();
        Arrays.fill(count, 0, axis, 1);
        Arrays.fill(begin, axis + 1, dims.length, 0);
        long first = 0;
        for (int k = 0; k < dims.length; k++) {
            first = first * dims[k] + begin[k];
        }
        long rows = Math.min(dims[axis] - begin[axis], SCATTERED / size / inner);
        count[axis] = element < end ? Math.min(rows, (end - first + inner - 1) / inner) : rows;
        int bytes = room(count[axis] * inner);
        gather(begin, count, count[axis] * inner);
        blockFrom = first * size;
        blockBytes = bytes;
    }

    private void gather(long[] begin, long[] count, long elements) throws IOException {
        long[] strides = StridedBox.rowMajor(count);
        long found = 0;
        for (int k = 0; k < boxes.length; k++) {
            PieceLayout layout = pieces.get(k).layout();
            long[] first = new long[dims.length];
            long[] part = new long[dims.length];
            long at = 0;
            long together = 1;
            for (int axis = 0; axis < dims.length; axis++) {
                long low = Math.max(begin[axis], layout.begin()[axis]);
                long high = Math.min(begin[axis] + count[axis], layout.begin()[axis] + layout.sizes()[axis]);
                first[axis] = low - layout.begin()[axis];
                part[axis] = Math.max(0, high - low);
                at += (low - begin[axis]) * strides[axis];
                together *= part[axis];
            }
            if (together > 0) {
                copy(k, first, part, at, strides);
                found += together;
            }
        }
        if (found != elements) {
            throw new IllegalStateException("pieces that have " + found + " of " + elements + " elements of " + info);
        }
    }

    private void copy(int piece, long[] first, long[] part, long at, long[] strides) throws IOException {
        StoredPiece stored = pieces.get(piece);
        StridedBox box = box(piece);
        if (box.form().isPlain(info.dtype())) {
            new StridedRead(stored.file(), box, size, part, block, strides).copy(first, at);
            return;
        }
        long[] own = StridedBox.rowMajor(part);
        byte[] values = new byte[Math.toIntExact(Arrays.stream(part).reduce(size, (a, b) -> a * b))];
        new StridedRead(stored.file(), box, size, part, values, own).copy(first, 0);
        box.form().toValues(info.dtype(), values);
        StridedBox turned = new StridedBox(0, ElementForm.PLAIN, new long[part.length], part, own);
        MemoryBytes memory = new MemoryBytes(info.name(), values);
        new StridedRead(memory, turned, size, part, block, strides).copy(new long[part.length], at);
    }
}
