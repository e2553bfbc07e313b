package io.detinit.generator.quality;

import java.util.List;

/** The orders in which words and weights come out. Seed 42, layer 0 and word 0 where nothing else is said. */
final class Orders {

    /** Columns of the matrix that is walked row by row. */
    static final int COLS = 1000;

    /** Rows of the matrix that is walked column by column. */
    static final int ROWS = 4096;

    /** The seed where the seed does not run. */
    static final long SEED = 42;

    /** Positions after which the xor orders go on to the next pair. */
    private static final int PAIR_RUN = 1 << 16;

    private Orders() {}

    /** {@return all of them} */
    static List<Order> all() {
        return List.of(
                // As a tensor is written: j runs, then i.
                new Order("rows", COLS, (s, k) -> s.word(SEED, 0, k / COLS, k % COLS, 0)),
                // i runs, then j.
                new Order("columns", ROWS, (s, k) -> s.word(SEED, 0, k % ROWS, k / ROWS, 0)),
                // i = j.
                new Order("diagonal", COLS, (s, k) -> s.word(SEED, 0, k, k, 0)),
                // As rows, with the two words of each weight one after the other.
                new Order("u1, u2", 2 * COLS, (s, k) -> s.word(SEED, 0, (k >> 1) / COLS, (k >> 1) % COLS, k & 1)),
                // The layer runs, i = j = 0.
                new Order("layers", COLS, (s, k) -> s.word(SEED, k, 0, 0, 0)),
                // The first 4 x 4 weights of each layer.
                new Order("layer tiles", 16, (s, k) -> s.word(SEED, k >> 4, k >> 2 & 3, k & 3, 0)),
                // Seeds 0, 1, 2, ..., i = j = 0.
                new Order("seeds", COLS, (s, k) -> s.word(k, 0, 0, 0, 0)),
                // The first 4 x 4 weights of each seed.
                new Order("seed tiles", 16, (s, k) -> s.word(k >> 4, 0, k >> 2 & 3, k & 3, 0)),
                // Layer l xor layer l + 1, as rows; l changes every 65,536 words.
                new Order("layer ^ next", COLS, (s, k) -> {
                    long l = k / PAIR_RUN;
                    return s.word(SEED, l, k / COLS, k % COLS, 0) ^ s.word(SEED, l + 1, k / COLS, k % COLS, 0);
                }),
                // Seed s xor seed s + 1, as rows; s changes every 65,536 words.
                new Order("seed ^ next", COLS, (s, k) -> {
                    long seed = k / PAIR_RUN;
                    return s.word(seed, 0, k / COLS, k % COLS, 0) ^ s.word(seed + 1, 0, k / COLS, k % COLS, 0);
                }));
    }

    /**
     * An order by its name; {@code _} and {@code -} stand for a space.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    static Order named(String name) {
        String wanted = name.replace('_', ' ').replace('-', ' ');
        return all().stream()
                .filter(order -> order.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no order " + name + "; there are "
                        + all().stream().map(Order::name).toList()));
    }
}
