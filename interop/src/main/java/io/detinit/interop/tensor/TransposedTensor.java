package io.detinit.interop.tensor;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * A matrix seen with its axes exchanged: element (i, j) is the source's (j, i). Nothing is kept; a range is gathered from the
 * source's rows, each read in one piece.
 *
 * <p>Immutable; safe for use by many threads as the source is.
 */
public final class TransposedTensor implements TensorView {

    private final TensorView source;
    private final TensorInfo info;

    /**
     * Exchanges the axes.
     *
     * @param source a matrix whose elements are whole bytes
     * @throws IllegalArgumentException if it is not a matrix, or its elements are smaller than a byte
     */
    public TransposedTensor(TensorView source) {
        TensorInfo stored = source.info();
        if (stored.shape().rank() != 2 || !stored.dtype().isWholeBytes()) {
            throw new IllegalArgumentException("tensor '" + stored.name() + "', " + stored.dtype() + " of shape "
                    + stored.shape() + ", cannot be transposed: it must be a matrix of whole bytes");
        }
        TensorShape shape = TensorShape.of(stored.shape().dim(1), stored.shape().dim(0));
        this.source = source;
        this.info = new TensorInfo(stored.name(), stored.dtype(), shape, stored.kind());
    }

    /**
     * Exchanges the axes of a matrix; twice gives the matrix itself.
     *
     * @param matrix a matrix whose elements are whole bytes
     * @return the matrix with its axes exchanged
     * @throws IllegalArgumentException if it is not a matrix, or its elements are smaller than a byte
     */
    public static TensorView of(TensorView matrix) {
        return matrix instanceof TransposedTensor turned ? turned.source : new TransposedTensor(matrix);
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public String location() {
        return source.location().isEmpty() ? "" : source.location() + ", transposed";
    }

    @Override
    public List<StoredPiece> pieces() throws IOException {
        return source.pieces().stream().map(StoredPiece::transposed).toList();
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        int size = info.dtype().bytes();
        if (position % size == 0 && destination.remaining() % size == 0) {
            gather(position / size, destination);
            return;
        }
        long first = position / size;
        long end = (position + destination.remaining() + size - 1) / size;
        ByteBuffer elements = ByteBuffer.allocate(Math.toIntExact((end - first) * size));
        gather(first, elements);
        destination.put(elements.slice((int) (position - first * size), destination.remaining()));
    }

    /** Whole elements from one on, as many as remain of the destination. */
    private void gather(long from, ByteBuffer destination) throws IOException {
        int size = info.dtype().bytes();
        long rows = info.shape().dim(0);
        long cols = info.shape().dim(1);
        int start = destination.position();
        long end = from + destination.remaining() / size;
        ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        for (long col = 0; col < cols && from < end; col++) {
            long firstRow = firstRow(from, col, cols);
            long endRow = firstRow(end, col, cols);
            if (firstRow < endRow) {
                ByteBuffer run =
                        source.view((col * rows + firstRow) * size, Math.toIntExact((endRow - firstRow) * size));
                int at = start + Math.toIntExact((firstRow * cols + col - from) * size);
                scatter(run, size, out, at, Math.toIntExact(Math.min(cols * size, Integer.MAX_VALUE)));
            }
        }
        destination.position(destination.limit());
    }

    private static void scatter(ByteBuffer run, int size, ByteBuffer out, int at, int step) {
        int to = at;
        for (int k = run.position(); k < run.limit(); k += size) {
            switch (size) {
                case 2 -> out.putShort(to, run.getShort(k));
                case 4 -> out.putInt(to, run.getInt(k));
                case 8 -> out.putLong(to, run.getLong(k));
                default -> out.put(to, run, k, size);
            }
            to += step;
        }
    }

    /** The first row whose element in a column is not before an element. */
    private static long firstRow(long element, long col, long cols) {
        return element <= col ? 0 : (element - col + cols - 1) / cols;
    }
}
