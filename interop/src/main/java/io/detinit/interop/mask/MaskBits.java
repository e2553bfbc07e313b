package io.detinit.interop.mask;

import java.io.IOException;

/** The mask of one parameter in the order of its file, read in parts. Not thread-safe. */
public interface MaskBits {

    /**
     * Reads bits.
     *
     * @param from the first weight in the order of the file, a multiple of 64
     * @param count how many
     * @param words receives one bit for each, 1 = keep; bits beyond the last weight are 0
     * @return how many are kept
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the parameter has no such weights
     */
    long read(long from, int count, long[] words) throws IOException;
}
