package io.detinit.generator.internal;

import java.util.ArrayList;
import java.util.List;

/**
 * The weights of the schemes {@code orthogonal} and {@code orthogonal_blocks}: orthogonal matrices of one size, one below the other.
 * Held in memory: 8 bytes a weight.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class OrthogonalBlocks {

    private final List<OrthogonalMatrix> blocks = new ArrayList<>();
    private final long blockRows;

    /**
     * Computes all blocks, each as {@link OrthogonalMatrix} does.
     *
     * @param layerState the chain's state after the seed and the layer
     * @param rows the rows of all blocks together, at least 1
     * @param cols the columns, at least 1
     * @param blockRows the rows of a block, a divisor of rows
     * @param std the standard deviation of a weight
     * @throws IllegalArgumentException if a row or a column is longer than an array
     */
    public OrthogonalBlocks(long layerState, long rows, long cols, long blockRows, double std) {
        this.blockRows = blockRows;
        double scale = std * Math.sqrt((double) Math.max(blockRows, cols));
        for (long first = 0; first < rows; first += blockRows) {
            blocks.add(new OrthogonalMatrix(layerState, first, blockRows, cols, scale));
        }
    }

    /**
     * One weight.
     *
     * @param i the row
     * @param j the column
     * @return the weight, in double
     */
    public double weight(long i, long j) {
        return blocks.get((int) (i / blockRows)).weight(i % blockRows, j);
    }
}
