package io.detinit.interop.audit;

import io.detinit.interop.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums of |w - w0| over rows, columns and the cells of a picture; of a band, or of the whole matrix. Deltas that are NaN or infinite
 * are left out. Not thread-safe.
 */
final class LineSums {

    private final int firstRow;
    private final int cols;
    private final int cellRows;
    private final int cellCols;
    private final long rows;
    private final double[] rowSums;
    private final double[] colSums;
    private final double[] cells;
    private boolean rowsAlone;

    private LineSums(TensorWork work, long firstRow, long countRows) {
        this.firstRow = Math.toIntExact(firstRow);
        this.rows = work.shape().rows();
        this.cols = Math.toIntExact(work.shape().cols());
        this.cellRows = (int) Math.min(MovedLines.Picture.MAX_ROWS, rows);
        this.cellCols = Math.min(MovedLines.Picture.MAX_COLS, cols);
        this.rowSums = new double[Math.toIntExact(countRows)];
        this.colSums = new double[cols];
        this.cells = new double[cellRows * cellCols];
    }

    /** For a whole matrix. */
    static LineSums of(TensorWork work) {
        return new LineSums(work, 0, work.shape().rows());
    }

    /** For a band. */
    static LineSums of(TensorWork work, long from, long count) {
        long cols = work.shape().cols();
        long first = from / cols;
        return new LineSums(work, first, (from + count - 1) / cols - first + 1);
    }

    /** Adds elements of the band that a reader has read. */
    void add(WeightReader reader, DType dtype, long from, int count) {
        int at = 0;
        while (at < count) {
            long row = (from + at) / cols;
            int col = (int) ((from + at) % cols);
            int run = Math.min(cols - col, count - at);
            addRun(reader, dtype, at, run, row, col);
            at += run;
        }
    }

    private void addRun(WeightReader reader, DType dtype, int at, int run, long row, int col) {
        double sum = 0;
        int cellRow = (int) (row * cellRows / rows) * cellCols;
        for (int k = 0; k < run; k++) {
            double abs = Math.abs(reader.delta(at + k, dtype));
            if (abs <= Double.MAX_VALUE) {
                sum += abs;
                colSums[col + k] += abs;
                cells[cellRow + (int) ((long) (col + k) * cellCols / cols)] += abs;
            }
        }
        rowSums[(int) (row - firstRow)] += sum;
    }

    /** Adds the next band to the whole. */
    void add(LineSums band) {
        for (int k = 0; k < band.rowSums.length; k++) {
            rowSums[band.firstRow + k] += band.rowSums[k];
        }
        add(colSums, band.colSums);
        add(cells, band.cells);
    }

    private static void add(double[] sums, double[] more) {
        for (int k = 0; k < sums.length; k++) {
            sums[k] += more[k];
        }
    }

    double[] rowSums() {
        return rowSums;
    }

    /**
     * Adds the sums of the rows of the next band, as {@link #rowSums} gave them; what is not added for columns is not known then.
     *
     * @param from the band's first element
     * @param count its elements
     * @param sums the sums of one band after the other
     * @param at the place of this band's there
     * @return the place of the next one's
     */
    int addRows(long from, int count, double[] sums, int at) {
        rowsAlone = true;
        int next = at;
        for (long row = from / cols; row <= (from + count - 1) / cols; row++) {
            rowSums[Math.toIntExact(row)] += sums[next++];
        }
        return next;
    }

    MovedLines lines(LineMarks marks) {
        List<Integer> stillRows = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            if (!marks.rowMoved(row)) {
                stillRows.add(row);
            }
        }
        List<Integer> stillCols = new ArrayList<>();
        for (int col = 0; col < cols; col++) {
            if (!marks.colMoved(col)) {
                stillCols.add(col);
            }
        }
        if (rowsAlone) {
            MovedLines.Picture none = new MovedLines.Picture(0, 0, List.of());
            return new MovedLines(means(rowSums, cols), List.of(), stillRows, stillCols, none);
        }
        return new MovedLines(means(rowSums, cols), means(colSums, (double) rows), stillRows, stillCols, picture());
    }

    private static List<Double> means(double[] sums, double count) {
        List<Double> means = new ArrayList<>(sums.length);
        for (double sum : sums) {
            means.add(sum / count);
        }
        return means;
    }

    private MovedLines.Picture picture() {
        List<Double> means = new ArrayList<>(cells.length);
        for (int i = 0; i < cellRows; i++) {
            for (int j = 0; j < cellCols; j++) {
                double elements = (double) lines(i, cellRows, rows) * lines(j, cellCols, cols);
                means.add(cells[i * cellCols + j] / elements);
            }
        }
        return new MovedLines.Picture(cellRows, cellCols, means);
    }

    /** How many of the lines a cell covers: those k for which floor(k * cells / lines) is the cell. */
    private static long lines(long cell, long cells, long lines) {
        return ((cell + 1) * lines + cells - 1) / cells - (cell * lines + cells - 1) / cells;
    }
}
