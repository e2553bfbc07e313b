package io.detinit.interop.mask;

import io.detinit.generator.TensorInit;
import java.util.Objects;

/**
 * One bit for each weight of a tensor, in row-major order: 1 keeps the weight, 0 prunes it.
 *
 * <p>Built once, then immutable; safe for use by many threads.
 */
public final class Mask {

    private final long size;
    private final long[] words;

    Mask(long size) {
        this.size = size;
        this.words = new long[Math.toIntExact((size + 63) / 64)];
    }

    /**
     * The mask that keeps exactly the moved (awakened) weights of an array.
     *
     * @param weights the trained weights, row-major
     * @param init their initial values
     * @param threshold a weight is kept where |w - w0| > threshold in float32
     * @return the mask
     * @throws IllegalArgumentException if the number of weights does not fit the shape
     */
    public static Mask ofMoved(float[] weights, TensorInit init, double threshold) {
        if (weights.length != init.shape().elements()) {
            throw new IllegalArgumentException(
                    weights.length + " weights do not fit the shape " + init.shape() + " of the initial values");
        }
        float limit = (float) threshold;
        float[] w0 = init.toArray();
        Mask mask = new Mask(weights.length);
        for (int k = 0; k < weights.length; k++) {
            if (!(Math.abs(weights[k] - w0[k]) <= limit)) {
                mask.keep(k);
            }
        }
        return mask;
    }

    void keep(long element) {
        words[(int) (element >>> 6)] |= 1L << element;
    }

    /** Takes over the bits of a chunk that starts at a multiple of 64. */
    void put(long from, long[] chunkWords) {
        System.arraycopy(chunkWords, 0, words, (int) (from >>> 6), chunkWords.length);
    }

    /** {@return how many weights the tensor has} */
    public long size() {
        return size;
    }

    /**
     * Whether a weight is kept.
     *
     * @param element its index in row-major order, in [0, size)
     * @return true where it is kept
     */
    public boolean keeps(long element) {
        Objects.checkIndex(element, size);
        return (words[(int) (element >>> 6)] >>> element & 1) != 0;
    }

    /** {@return how many weights are kept} */
    public long kept() {
        long kept = 0;
        for (long word : words) {
            kept += Long.bitCount(word);
        }
        return kept;
    }
}
