package io.detinit.generator.quality;

import io.detinit.generator.Scheme;
import java.util.List;

/**
 * An order in which weights are used.
 *
 * @param name its name
 * @param share how much of the battery's number of weights is drawn from it, in (0, 1]
 * @param walk writes a chunk
 */
record WeightOrder(String name, double share, Walk walk) {

    /** Weights of a chunk. */
    static final int CHUNK = 1 << 18;

    private static final int TILE_ROWS = Orders.ROWS;
    private static final int TILE_COLS = CHUNK / Orders.ROWS;

    /** Fills a chunk. */
    interface Walk {
        void fill(Source source, Scheme scheme, long chunk, float[] weights);
    }

    /** {@return the orders of the weights; a source fills them through its bulk path where it has one} */
    static List<WeightOrder> all() {
        return List.of(
                new WeightOrder("rows", 1, WeightOrder::rows),
                new WeightOrder("columns", 1, WeightOrder::columns),
                new WeightOrder("layers", 0.25, WeightOrder::layers),
                new WeightOrder("seeds", 0.25, WeightOrder::seeds));
    }

    /** One tensor of 1000 columns, row after row. */
    private static void rows(Source source, Scheme scheme, long chunk, float[] weights) {
        source.weights(scheme, Orders.SEED, 0, 1L << 40, Orders.COLS, chunk * CHUNK, weights, 0, CHUNK);
    }

    /** Tensors of 4096 x 64, column after column; the layer is the chunk's number. */
    private static void columns(Source source, Scheme scheme, long chunk, float[] weights) {
        float[] tile = new float[CHUNK];
        source.weights(scheme, Orders.SEED, chunk, TILE_ROWS, TILE_COLS, 0, tile, 0, CHUNK);
        for (int j = 0; j < TILE_COLS; j++) {
            for (int i = 0; i < TILE_ROWS; i++) {
                weights[j * TILE_ROWS + i] = tile[i * TILE_COLS + j];
            }
        }
    }

    /** The layer runs, i = j = 0. */
    private static void layers(Source source, Scheme scheme, long chunk, float[] weights) {
        for (int k = 0; k < CHUNK; k++) {
            source.weights(scheme, Orders.SEED, chunk * CHUNK + k, 1, 1, 0, weights, k, 1);
        }
    }

    /** Seeds 0, 1, 2, ..., i = j = 0. */
    private static void seeds(Source source, Scheme scheme, long chunk, float[] weights) {
        for (int k = 0; k < CHUNK; k++) {
            source.weights(scheme, chunk * CHUNK + k, 0, 1, 1, 0, weights, k, 1);
        }
    }
}
