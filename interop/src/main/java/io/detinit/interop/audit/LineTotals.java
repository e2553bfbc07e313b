package io.detinit.interop.audit;

import java.util.ArrayList;
import java.util.List;

/** Collects the sums of |w - w0| over the rows, columns and cells of a whole matrix, band by band in order. Not thread-safe. */
final class LineTotals {

    private final PictureGrid grid;
    private final double[] rowSums;
    private final PictureTree pictures = new PictureTree();

    LineTotals(TensorWork work) {
        this.grid = PictureGrid.of(work);
        this.rowSums = new double[Math.toIntExact(grid.rows())];
    }

    /** Adds the next band. */
    void add(LineSums band) {
        double[] sums = band.rowSums();
        for (int k = 0; k < sums.length; k++) {
            rowSums[Math.toIntExact(band.firstRow() + k)] += sums[k];
        }
        band.picture().ifPresent(pictures::add);
    }

    /**
     * Adds the sums of the rows of the next band, as {@link LineSums#rowSums} gave them.
     *
     * @param from the band's first element
     * @param count its elements
     * @param sums the sums of one band after the other
     * @param at the place of this band's there
     * @return the place of the next one's
     */
    int addRows(long from, int count, double[] sums, int at) {
        int next = at;
        for (long row = from / grid.cols(); row <= (from + count - 1) / grid.cols(); row++) {
            rowSums[Math.toIntExact(row)] += sums[next++];
        }
        return next;
    }

    /** Adds the pictures of the next bands. */
    void addPictures(List<PictureSums> next) {
        next.forEach(pictures::add);
    }

    MovedLines lines(LineMarks marks) {
        List<Integer> stillRows = new ArrayList<>();
        for (int row = 0; row < grid.rows(); row++) {
            if (!marks.rowMoved(row)) {
                stillRows.add(row);
            }
        }
        List<Integer> stillCols = new ArrayList<>();
        for (int col = 0; col < grid.cols(); col++) {
            if (!marks.colMoved(col)) {
                stillCols.add(col);
            }
        }
        List<Double> rowMeans = new ArrayList<>(rowSums.length);
        for (double sum : rowSums) {
            rowMeans.add(sum / grid.cols());
        }
        if (pictures.isEmpty()) {
            MovedLines.Picture none = new MovedLines.Picture(0, 0, List.of());
            return new MovedLines(rowMeans, List.of(), stillRows, stillCols, none);
        }
        PictureSums total = pictures.total();
        return new MovedLines(rowMeans, grid.colMeans(total), stillRows, stillCols, grid.picture(total));
    }
}
