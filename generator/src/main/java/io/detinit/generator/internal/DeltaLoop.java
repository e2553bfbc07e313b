package io.detinit.generator.internal;

/**
 * The comparison of a block of weights with the initial weights. All implementations give the same bits; they differ in speed
 * alone. {@link io.detinit.generator.DeltaKernel} defines the results.
 *
 * <p>Implementations are stateless; safe for use by many threads, each with a block and results of its own.
 */
public interface DeltaLoop {

    /** {@return the loop in a few words, such as {@code vector, 512 bits}} */
    String description();

    /**
     * Compares all elements of a block.
     *
     * @param block the elements and where the results go
     */
    void compare(DeltaBlock block);

    /**
     * Counts elements by the upper 16 bits of |d|; every NaN counts as {@link DeltaBlock#NOT_A_NUMBER}.
     *
     * @param weights w
     * @param from the index of the first w
     * @param initial w0
     * @param initialFrom the index of the first w0
     * @param count how many elements; they lie in both arrays
     * @param bins receives the counts, added; long enough
     * @return a bin: none below it has been added to, except for bin 0
     */
    int histogram(float[] weights, int from, float[] initial, int initialFrom, int count, long[] bins);
}
