package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;
import java.io.IOException;
import java.util.Arrays;

/** Masks that are worked out, taken into memory. Stateless. */
public final class WholeMask {

    private static final int AT_ONCE = 1 << 16;

    private WholeMask() {}

    /**
     * Reads a mask from front to back.
     *
     * @param shape the parameter's shape as its file keeps it
     * @param mask its mask
     * @return all its bits, in the order of the file
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if there are more than {@value Mask#MAX_SIZE} weights
     */
    public static Mask of(TensorShape shape, RangeMask mask) throws IOException {
        Mask whole = new Mask(shape);
        long[] words = new long[AT_ONCE / Long.SIZE];
        for (long from = 0; from < shape.elements(); from += AT_ONCE) {
            int count = (int) Math.min(AT_ONCE, shape.elements() - from);
            mask.read(from, count, words);
            whole.put(from, Arrays.copyOf(words, (count + Long.SIZE - 1) / Long.SIZE));
        }
        return whole;
    }
}
