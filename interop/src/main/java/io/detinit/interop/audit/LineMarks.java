package io.detinit.interop.audit;

import java.util.function.IntPredicate;

/** Which rows and columns of a matrix have something that moved; of a chunk, or of the whole. Not thread-safe. */
final class LineMarks implements java.io.Serializable {

    private static final long serialVersionUID = 1L;

    private static final LineMarks NONE = new LineMarks(0, 0, 0, 0);

    private final long firstRow;
    private final long rows;
    private final long cols;
    private final long[] rowBits;
    private final long[] colBits;
    private boolean allCols;
    private boolean allRowsOfLast;

    private LineMarks(long firstRow, long rows, long cols, long words) {
        this.firstRow = firstRow;
        this.rows = rows;
        this.cols = cols;
        this.rowBits = new long[Math.toIntExact((rows + 63) / 64)];
        this.colBits = new long[Math.toIntExact(words)];
    }

    /** For some elements of a tensor; nothing where it is no matrix. */
    static LineMarks of(TensorWork work, long from, long count) {
        return of(work, from, count, false);
    }

    /** For some more elements of a tensor all of whose columns are marked elsewhere, so that here they need not be. */
    static LineMarks withoutColumns(TensorWork work, long from, long count) {
        return of(work, from, count, true);
    }

    private static LineMarks of(TensorWork work, long from, long count, boolean marked) {
        if (!work.isMatrix() || count == 0) {
            return NONE;
        }
        long cols = work.shape().cols();
        long first = from / cols;
        long last = (from + count - 1) / cols;
        LineMarks marks = new LineMarks(first, last - first + 1, cols, marked ? 0 : (cols + 63) / 64);
        marks.allCols = marked;
        marks.allRowsOfLast = marked;
        return marks;
    }

    /** Whether all columns are marked, here or elsewhere. */
    boolean hasAllColumns() {
        return allCols;
    }

    /** Marks the elements whose bits are set. */
    void mark(long[] bits, long from, int count) {
        if (cols == 0) {
            return;
        }
        int at = 0;
        allRowsOfLast = true;
        while (at < count) {
            long row = (from + at) / cols;
            long col = (from + at) % cols;
            int run = (int) Math.min(cols - col, count - at);
            if (markRow(bits, at, run, col)) {
                setRow(row);
            } else {
                allRowsOfLast = false;
            }
            at += run;
        }
        allCols = allCols || unmoved(colBits, cols) == 0;
    }

    /**
     * Whether the next elements must be told one by one: not where all columns have moved anyhow and every row of the last elements had
     * something that did, so that a glance at each row will do.
     */
    boolean needBits() {
        return cols > 0 && !(allCols && allRowsOfLast);
    }

    /** Marks the rows of elements whose columns have all moved before. */
    void markRows(long from, int count, IntPredicate moved) {
        int at = 0;
        allRowsOfLast = true;
        while (cols > 0 && at < count) {
            int end = (int) Math.min(at + cols - (from + at) % cols, count);
            int k = at;
            while (k < end && !moved.test(k)) {
                k++;
            }
            if (k < end) {
                setRow((from + at) / cols);
            } else {
                allRowsOfLast = false;
            }
            at = end;
        }
    }

    private void setRow(long row) {
        long place = row - firstRow;
        rowBits[(int) (place >>> 6)] |= 1L << place;
    }

    /** Whether anything in a part of a row moved; its columns are marked. */
    private boolean markRow(long[] bits, int from, int count, long col) {
        boolean any = false;
        for (int k = 0; k < count; k += 64) {
            int length = Math.min(64, count - k);
            long word = word(bits, from + k, length);
            if (word == 0) {
                continue;
            }
            any = true;
            if (allCols) {
                return true;
            }
            long place = col + k;
            int shift = (int) (place & 63);
            colBits[(int) (place >>> 6)] |= word << shift;
            if (shift + length > 64) {
                colBits[(int) (place >>> 6) + 1] |= word >>> (64 - shift);
            }
        }
        return any;
    }

    /** Up to 64 bits from any place on. */
    private static long word(long[] bits, int from, int length) {
        int shift = from & 63;
        long word = bits[from >>> 6] >>> shift;
        if (shift + length > 64) {
            word |= bits[(from >>> 6) + 1] << (64 - shift);
        }
        return length == 64 ? word : word & ((1L << length) - 1);
    }

    /** Adds a chunk's marks to those of the whole. */
    void add(LineMarks chunk) {
        for (long row = 0; row < chunk.rows; row++) {
            if ((chunk.rowBits[(int) (row >>> 6)] >>> row & 1) != 0) {
                setRow(chunk.firstRow + row);
            }
        }
        for (int k = 0; k < chunk.colBits.length; k++) {
            colBits[k] |= chunk.colBits[k];
        }
    }

    long unmovedRows() {
        return unmoved(rowBits, rows);
    }

    long unmovedCols() {
        return unmoved(colBits, cols);
    }

    boolean rowMoved(int row) {
        return (rowBits[row >>> 6] >>> row & 1) != 0;
    }

    boolean colMoved(int col) {
        return (colBits[col >>> 6] >>> col & 1) != 0;
    }

    private static long unmoved(long[] bits, long lines) {
        long count = 0;
        for (long word : bits) {
            count += Long.bitCount(word);
        }
        return lines - count;
    }
}
