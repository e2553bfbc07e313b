package io.detinit.interop.prune;

/**
 * What a thread holds of a block of weights while it prunes them.
 *
 * <p>Not thread-safe; each thread has its own.
 */
final class PruneBlock {

    private final int[] bits;
    private final int[] keep;
    private final int[] spare;
    private final float[] w0;

    /**
     * Makes the arrays.
     *
     * @param size the most weights of a block
     */
    PruneBlock(int size) {
        bits = new int[size];
        keep = new int[size];
        spare = new int[size];
        w0 = new float[size];
    }

    int size() {
        return bits.length;
    }

    /** The weights as the bits of float32. */
    int[] bits() {
        return bits;
    }

    /** All ones where a weight is kept, else 0. */
    int[] keep() {
        return keep;
    }

    /** Free for a rule's own use. */
    int[] spare() {
        return spare;
    }

    /** The initial values as float32. */
    float[] w0() {
        return w0;
    }
}
