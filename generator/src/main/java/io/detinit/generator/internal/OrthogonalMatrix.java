package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;
import java.util.stream.IntStream;

/**
 * The weights of the scheme {@code orthogonal}: Q of the matrix of z's, of its transpose where there are fewer rows than
 * columns, times a scale. Computed as a whole, held in memory: 8 bytes a weight.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class OrthogonalMatrix {

    private final double[][] vectors;
    private final boolean byRows;
    private final double scale;

    /**
     * Computes the matrix, on all cores: about 4/3 * (longer - shorter/3) * shorter^2 multiplications, twice.
     *
     * @param layerState the chain's state after the seed and the layer
     * @param firstRow the address of the first row
     * @param rows the rows, at least 1
     * @param cols the columns, at least 1
     * @param scale what Q is multiplied by
     * @throws IllegalArgumentException if a row or a column is longer than an array
     */
    public OrthogonalMatrix(long layerState, long firstRow, long rows, long cols, double scale) {
        if (Math.max(rows, cols) > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("an orthogonal matrix of " + rows + " x " + cols
                    + " does not fit the memory; each side has at most " + (Integer.MAX_VALUE - 8));
        }
        this.scale = scale;
        byRows = rows < cols;
        int count = (int) Math.min(rows, cols);
        int length = (int) Math.max(rows, cols);
        vectors = new double[count][];
        IntStream.range(0, count).parallel().forEach(c -> {
            double[] vector = new double[length];
            for (int r = 0; r < length; r++) {
                long i = firstRow + (byRows ? c : r);
                long j = byRows ? r : c;
                long word = SplitMix64.hash(SplitMix64.hash(layerState ^ SplitMix64.hash(i)) ^ SplitMix64.hash(j));
                vector[r] = FastNormal.scaled(
                        SplitMix64.hash(word ^ ScalarKernel.HASH_0), SplitMix64.hash(word ^ ScalarKernel.HASH_1), 1);
            }
            vectors[c] = vector;
        });
        HouseholderQr.orthogonalize(vectors);
    }

    /**
     * One weight.
     *
     * @param i the row
     * @param j the column
     * @return scale * Q[i][j], in double
     */
    public double weight(long i, long j) {
        return scale * (byRows ? vectors[(int) i][(int) j] : vectors[(int) j][(int) i]);
    }
}
