package io.detinit.interop.audit;

import java.util.ArrayList;
import java.util.List;

/**
 * How a matrix is drawn: which of its elements a cell covers.
 *
 * @param rows of the matrix
 * @param cols of the matrix
 * @param cellRows cells from top to bottom
 * @param cellCols cells from left to right
 */
record PictureGrid(long rows, long cols, int cellRows, int cellCols) {

    static PictureGrid of(TensorWork work) {
        long rows = work.shape().rows();
        long cols = work.shape().cols();
        return new PictureGrid(rows, cols, (int) Math.min(MovedLines.Picture.MAX_ROWS, rows), (int)
                Math.min(MovedLines.Picture.MAX_COLS, cols));
    }

    int cellRow(long row) {
        return (int) (row * cellRows / rows);
    }

    /** The means of the columns. */
    List<Double> colMeans(PictureSums sums) {
        List<Double> means = new ArrayList<>();
        for (int col = 0; col < cols; col++) {
            means.add(sums.col(col) / (double) rows);
        }
        return means;
    }

    /** The means of the cells. */
    MovedLines.Picture picture(PictureSums sums) {
        List<Double> means = new ArrayList<>(cellRows * cellCols);
        for (int i = 0; i < cellRows; i++) {
            for (int j = 0; j < cellCols; j++) {
                double elements = (double) lines(i, cellRows, rows) * lines(j, cellCols, cols);
                means.add(sums.cell(i, j) / elements);
            }
        }
        return new MovedLines.Picture(cellRows, cellCols, means);
    }

    /** How many of the lines a cell covers: those k for which floor(k * cells / lines) is the cell. */
    private static long lines(long cell, long cells, long lines) {
        return ((cell + 1) * lines + cells - 1) / cells - (cell * lines + cells - 1) / cells;
    }
}
