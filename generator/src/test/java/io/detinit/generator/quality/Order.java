package io.detinit.generator.quality;

/**
 * An order in which words are used.
 *
 * @param name its name
 * @param lag distance to the word that is the neighbour along the other axis
 * @param walk the word at a position
 */
record Order(String name, int lag, Walk walk) {

    /** The word at position k. */
    interface Walk {
        long word(Source source, long k);
    }

    /** Writes the words from position {@code from} on. */
    void fill(Source source, long from, long[] words, int count) {
        for (int k = 0; k < count; k++) {
            words[k] = walk.word(source, from + k);
        }
    }
}
