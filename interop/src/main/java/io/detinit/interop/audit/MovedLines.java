package io.detinit.interop.audit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far the rows (units) and columns (inputs) of a matrix moved.
 *
 * @param rowMeans mean |w - w0| of each row
 * @param colMeans mean |w - w0| of each column; empty where the audit was put together from parts without {@link Lines#ALL}
 * @param unmovedRows the rows in which nothing moved at the first threshold, ascending
 * @param unmovedCols the columns in which nothing moved at the first threshold, ascending
 * @param picture mean |w - w0| of the matrix's cells; none where the audit was put together from parts without {@link Lines#ALL}
 */
public record MovedLines(
        List<Double> rowMeans,
        List<Double> colMeans,
        List<Integer> unmovedRows,
        List<Integer> unmovedCols,
        Picture picture) {

    /** Copies the lists. */
    public MovedLines {
        rowMeans = List.copyOf(rowMeans);
        colMeans = List.copyOf(colMeans);
        unmovedRows = List.copyOf(unmovedRows);
        unmovedCols = List.copyOf(unmovedCols);
    }

    /**
     * A matrix in few cells, each the mean of the elements it covers.
     *
     * @param rows cells from top to bottom, at most {@link #MAX_ROWS}
     * @param cols cells from left to right, at most {@link #MAX_COLS}
     * @param means the cells, row-major
     */
    public record Picture(int rows, int cols, List<Double> means) {

        /** The most cells from top to bottom. */
        public static final int MAX_ROWS = 48;

        /** The most cells from left to right. */
        public static final int MAX_COLS = 96;

        /** Copies the list. */
        public Picture {
            means = List.copyOf(means);
        }
    }

    /**
     * The rows that moved most.
     *
     * @param count how many at most
     * @return their numbers, the farthest first; equal ones in ascending order
     */
    public List<Integer> mostMovedRows(int count) {
        List<Integer> rows =
                new ArrayList<>(IntStream.range(0, rowMeans.size()).boxed().toList());
        rows.sort(Comparator.comparingDouble((Integer row) -> -rowMeans.get(row)));
        return rows.subList(0, Math.min(count, rows.size()));
    }
}
