package io.detinit.interop.audit;

import io.detinit.interop.tensor.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sums of |w - w0| over the rows that a band touches, and over columns and the cells of a picture where asked for. Deltas that are NaN
 * or infinite are left out. Not thread-safe.
 */
final class LineSums {

    private final PictureGrid grid;
    private final long firstRow;
    private final double[] rowSums;
    private final @Nullable PictureSums picture;

    private LineSums(PictureGrid grid, long firstRow, int rows, @Nullable PictureSums picture) {
        this.grid = grid;
        this.firstRow = firstRow;
        this.rowSums = new double[rows];
        this.picture = picture;
    }

    /** For a band. */
    static LineSums of(TensorWork work, long from, long count, Lines lines) {
        PictureGrid grid = PictureGrid.of(work);
        long first = from / grid.cols();
        int rows = Math.toIntExact((from + count - 1) / grid.cols() - first + 1);
        return new LineSums(grid, first, rows, lines == Lines.ALL ? PictureSums.of(grid, from, count) : null);
    }

    /** Adds elements of the band that a reader has read. */
    void add(WeightReader reader, DType dtype, long from, int count) {
        long cols = grid.cols();
        int at = 0;
        while (at < count) {
            long row = (from + at) / cols;
            int col = (int) ((from + at) % cols);
            int run = (int) Math.min(cols - col, count - at);
            addRun(reader, dtype, at, run, row, col);
            at += run;
        }
    }

    private void addRun(WeightReader reader, DType dtype, int at, int run, long row, int col) {
        double sum = 0;
        int cellRow = grid.cellRow(row);
        for (int k = 0; k < run; k++) {
            double abs = Math.abs(reader.delta(at + k, dtype));
            if (abs <= Double.MAX_VALUE) {
                sum += abs;
                if (picture != null) {
                    picture.add(cellRow, col + k, abs);
                }
            }
        }
        rowSums[(int) (row - firstRow)] += sum;
    }

    /** The first row that the band touches. */
    long firstRow() {
        return firstRow;
    }

    /** The sums of the rows that the band touches. */
    double[] rowSums() {
        return rowSums;
    }

    Optional<PictureSums> picture() {
        return Optional.ofNullable(picture);
    }
}
