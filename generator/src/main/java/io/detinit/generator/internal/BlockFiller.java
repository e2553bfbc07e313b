package io.detinit.generator.internal;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.FillKernel.Scratch;
import org.jspecify.annotations.Nullable;

/**
 * Computes runs of weights of a rectangle of addresses, block by block. Elements of the rectangle are counted in row-major
 * order.
 *
 * <p>The hashes of the column indices are the same in every row: where a call covers several rows they are computed once.
 *
 * <p>Immutable; safe for use by many threads, each with a scratch of its own.
 */
public final class BlockFiller implements BlockSource {

    /** What is computed from an address. */
    public enum Distribution {
        /** scale * z. */
        NORMAL,
        /** scale * (2 u1 - 1). */
        UNIFORM,
        /** -scale where the top bit of the first word is set, else +scale. */
        SIGNED
    }

    /** A table of more columns than this would leave the second-level cache. */
    private static final long MOST_TABLE_COLUMNS = 1 << 14;

    private final FillKernel kernel;
    private final Distribution distribution;
    private final double scale;
    private final long layerState;
    private final long fromRow;
    private final long fromCol;
    private final long width;
    private final long @Nullable [] table;

    /**
     * A filler of a rectangle.
     *
     * @param kernel computes
     * @param distribution what
     * @param scale std or bound
     * @param layerState the chain's state after the seed and the layer
     * @param fromRow the rectangle's first row
     * @param fromCol the rectangle's first column
     * @param width the rectangle's columns, at least 1
     * @param elements how many elements will be asked for in all: decides whether a table pays
     */
    public BlockFiller(
            FillKernel kernel,
            Distribution distribution,
            double scale,
            long layerState,
            long fromRow,
            long fromCol,
            long width,
            long elements) {
        this.kernel = kernel;
        this.distribution = distribution;
        this.scale = scale;
        this.layerState = layerState;
        this.fromRow = fromRow;
        this.fromCol = fromCol;
        this.width = width;
        if (elements > width && width <= MOST_TABLE_COLUMNS) {
            table = new long[(int) width + FillKernel.PADDING];
            kernel.hashIndices(fromCol, table, (int) width);
        } else {
            table = null;
        }
    }

    @Override
    public void fill(long from, float[] out, int at, int count, Scratch scratch) {
        int done = 0;
        for (; count - done >= FillKernel.BLOCK; done += FillKernel.BLOCK) {
            block(from + done, FillKernel.BLOCK, scratch, out, at + done);
        }
        if (done < count) {
            block(from + done, count - done, scratch, scratch.values, 0);
            System.arraycopy(scratch.values, 0, out, at + done, count - done);
        }
    }

    private void block(long from, int count, Scratch scratch, float[] out, int at) {
        long row = from / width;
        long col = from % width;
        int done = 0;
        while (done < count) {
            int run = (int) Math.min(count - done, width - col);
            long prefix = SplitMix64.hash(layerState ^ SplitMix64.hash(fromRow + row));
            if (table != null) {
                kernel.address(prefix, table, (int) col, scratch.words, done, run);
            } else {
                kernel.hashIndices(fromCol + col, scratch.hashed, run);
                kernel.address(prefix, scratch.hashed, 0, scratch.words, done, run);
            }
            done += run;
            row++;
            col = 0;
        }
        switch (distribution) {
            case NORMAL -> kernel.normal(scratch, count, scale, out, at);
            case UNIFORM -> kernel.uniform(scratch, count, scale, out, at);
            case SIGNED -> {
                float magnitude = (float) scale;
                for (int k = 0; k < count; k++) {
                    long word = SplitMix64.hash(scratch.words[k] ^ ScalarKernel.HASH_0);
                    out[at + k] = word < 0 ? -magnitude : magnitude;
                }
            }
        }
    }
}
