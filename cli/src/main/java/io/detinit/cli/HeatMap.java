package io.detinit.cli;

import java.io.PrintWriter;

/**
 * A matrix in colours: blue below the mean, red above it. Where the matrix has more values than the picture has cells, a
 * cell shows the mean of its values, in units of the spread that such a mean has: a good initialisation looks like noise at
 * every size.
 */
final class HeatMap {

    private static final int MAX_ROWS = 24;
    private static final int MAX_COLS = 64;

    /** From -3 to +3 standard deviations: blue, dark to the middle, red; numbers of the 256-colour palette. */
    private static final int[] PALETTE = {21, 27, 33, 39, 24, 236, 88, 124, 160, 196, 203};

    private final float[] values;
    private final int rows;
    private final int cols;
    private final double mean;
    private final double std;

    HeatMap(float[] values, int rows, int cols, double mean, double std) {
        this.values = values;
        this.rows = rows;
        this.cols = cols;
        this.mean = mean;
        this.std = std;
    }

    void print(PrintWriter out) {
        int height = Math.min(rows, MAX_ROWS);
        int width = Math.min(cols, MAX_COLS);
        for (int r = 0; r < height; r++) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < width; c++) {
                line.append("\u001b[48;5;")
                        .append(colour(deviation(r, height, c, width)))
                        .append("m  ");
            }
            out.println(line.append("\u001b[0m"));
        }
        boolean means = rows > height || cols > width;
        out.println(
                means
                        ? "each cell: the mean of its weights, blue -3 to red +3 of such means' standard deviation"
                        : "each cell: a weight, blue -3 to red +3 standard deviations");
    }

    /** The cell's mean in units of its own standard deviation; 0 where the scheme has none. */
    private double deviation(int r, int height, int c, int width) {
        int fromRow = (int) ((long) r * rows / height);
        int toRow = (int) ((long) (r + 1) * rows / height);
        int fromCol = (int) ((long) c * cols / width);
        int toCol = (int) ((long) (c + 1) * cols / width);
        double sum = 0;
        for (int i = fromRow; i < toRow; i++) {
            for (int j = fromCol; j < toCol; j++) {
                sum += values[i * cols + j] - mean;
            }
        }
        long count = (long) (toRow - fromRow) * (toCol - fromCol);
        return std > 0 ? sum / (std * Math.sqrt((double) count)) : 0;
    }

    private static int colour(double deviation) {
        int middle = PALETTE.length / 2;
        long step = Math.round(deviation / 3 * middle);
        return PALETTE[(int) Math.max(0, Math.min(PALETTE.length - 1, middle + step))];
    }
}
