package io.detinit.interop.audit;

import java.io.Serializable;

/**
 * Sums of |w - w0| over the columns and the cells of a picture, of 2^level consecutive bands. Columns and cells that the bands do not
 * touch take no room. Not thread-safe.
 */
final class PictureSums implements Serializable {

    private static final long serialVersionUID = 1L;

    private final int level;
    private final long index;
    private final long matrixCols;
    private final int cellCols;
    private final int firstCol;
    private final double[] cols;
    private final int firstCellRow;
    private final double[] cells;

    private PictureSums(
            int level,
            long index,
            long matrixCols,
            int cellCols,
            int firstCol,
            double[] cols,
            int firstCellRow,
            double[] cells) {
        this.level = level;
        this.index = index;
        this.matrixCols = matrixCols;
        this.cellCols = cellCols;
        this.firstCol = firstCol;
        this.cols = cols;
        this.firstCellRow = firstCellRow;
        this.cells = cells;
    }

    /** Of one band; nothing is added yet. */
    static PictureSums of(PictureGrid grid, long from, long count) {
        long col = from % grid.cols();
        boolean part = col + count <= grid.cols();
        int first = grid.cellRow(from / grid.cols());
        int rows = grid.cellRow((from + count - 1) / grid.cols()) - first + 1;
        return new PictureSums(
                0,
                from / ChunkAudit.BAND,
                grid.cols(),
                grid.cellCols(),
                part ? (int) col : 0,
                new double[Math.toIntExact(part ? count : grid.cols())],
                first,
                new double[rows * grid.cellCols()]);
    }

    /** Adds an element. */
    void add(int cellRow, int col, double abs) {
        cols[col - firstCol] += abs;
        cells[(cellRow - firstCellRow) * cellCols + (int) ((long) col * cellCols / matrixCols)] += abs;
    }

    /** Whether these bands and the next ones are the halves of twice as many. */
    boolean isHalfWith(PictureSums next) {
        return level == next.level && index % 2 == 0 && next.index == index + 1;
    }

    /** The sums of both. */
    PictureSums plus(PictureSums next) {
        int col = Math.min(firstCol, next.firstCol);
        int endCol = Math.max(firstCol + cols.length, next.firstCol + next.cols.length);
        int row = Math.min(firstCellRow, next.firstCellRow);
        int end = Math.max(firstCellRow * cellCols + cells.length, next.firstCellRow * cellCols + next.cells.length);
        PictureSums sum = new PictureSums(
                level + 1,
                index / 2,
                matrixCols,
                cellCols,
                col,
                new double[endCol - col],
                row,
                new double[end - row * cellCols]);
        sum.addAll(this);
        sum.addAll(next);
        return sum;
    }

    private void addAll(PictureSums other) {
        add(cols, other.cols, other.firstCol - firstCol);
        add(cells, other.cells, (other.firstCellRow - firstCellRow) * cellCols);
    }

    private static void add(double[] sums, double[] more, int at) {
        for (int k = 0; k < more.length; k++) {
            sums[at + k] += more[k];
        }
    }

    /** The sum of a column; 0 where nothing was added. */
    double col(int col) {
        int place = col - firstCol;
        return place >= 0 && place < cols.length ? cols[place] : 0;
    }

    /** The sum of a cell; 0 where nothing was added. */
    double cell(int row, int col) {
        int place = (row - firstCellRow) * cellCols + col;
        return place >= 0 && place < cells.length ? cells[place] : 0;
    }
}
