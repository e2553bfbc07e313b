package io.detinit.interop.mask;

import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongBinaryOperator;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * One bit for each weight of a tensor, in row-major order: 1 keeps the weight, 0 prunes it.
 *
 * <p>Built once, then immutable; safe for use by many threads. A mask needs an eighth of a byte a weight and has at most
 * {@value #MAX_SIZE} weights.
 */
public final class Mask {

    /** The most weights of a mask: 16 GiB of bits. */
    public static final long MAX_SIZE = 1L << 37;

    private final TensorShape shape;
    private final long[] words;

    Mask(TensorShape shape) {
        if (shape.elements() > MAX_SIZE - Long.SIZE) {
            throw new IllegalArgumentException(
                    "a mask of shape " + shape + " is too large; at most " + MAX_SIZE + " weights are supported");
        }
        this.shape = shape;
        this.words = new long[Math.toIntExact((shape.elements() + 63) / 64)];
    }

    private Mask(TensorShape shape, long[] words) {
        this.shape = shape;
        this.words = words;
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
        Mask mask = new Mask(init.shape());
        for (int k = 0; k < weights.length; k++) {
            if (!(Math.abs(weights[k] - w0[k]) <= limit)) {
                mask.keep(k);
            }
        }
        return mask;
    }

    /**
     * The mask that keeps what a rule says.
     *
     * @param shape the tensor's shape
     * @param keeps whether the weight of an index in row-major order is kept; asked once for each, in order
     * @return the mask
     * @throws IllegalArgumentException if there are more than {@value #MAX_SIZE} weights
     */
    public static Mask of(TensorShape shape, LongPredicate keeps) {
        Mask mask = new Mask(shape);
        for (long element = 0; element < mask.size(); element++) {
            if (keeps.test(element)) {
                mask.keep(element);
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

    /**
     * Keeps what bits say, from any element on; several threads may do so at once.
     *
     * @param from the element of the first bit
     * @param bits one for each element; none is set beyond the last element
     * @param first the first word of bits
     * @param count how many words
     */
    synchronized void or(long from, long[] bits, int first, int count) {
        int at = (int) (from >>> 6);
        int shift = (int) (from & 63);
        for (int k = 0; k < count; k++) {
            long word = bits[first + k];
            words[at + k] |= word << shift;
            long carried = shift == 0 ? 0 : word >>> (Long.SIZE - shift);
            if (carried != 0) {
                words[at + k + 1] |= carried;
            }
        }
    }

    /** A copy of some words. */
    long[] words(long from, long end) {
        return Arrays.copyOfRange(words, (int) (from >>> 6), (int) ((end + 63) >>> 6));
    }

    /** {@return the shape that its bits lie in} */
    public TensorShape shape() {
        return shape;
    }

    /** {@return how many weights the tensor has} */
    public long size() {
        return shape.elements();
    }

    /**
     * Whether a weight is kept.
     *
     * @param element its index in row-major order, in [0, size)
     * @return true where it is kept
     */
    public boolean keeps(long element) {
        Objects.checkIndex(element, size());
        return (words[(int) (element >>> 6)] >>> element & 1) != 0;
    }

    /**
     * Up to 64 weights at once.
     *
     * @param from the first one's index in row-major order, in [0, size)
     * @return bit k is 1 where weight {@code from + k} is kept; 0 beyond the last one
     */
    public long bits(long from) {
        Objects.checkIndex(from, size());
        int word = (int) (from >>> 6);
        int shift = (int) (from & 63);
        long bits = words[word] >>> shift;
        return shift == 0 || word + 1 == words.length ? bits : bits | words[word + 1] << (64 - shift);
    }

    /** {@return how many weights are kept} */
    public long kept() {
        long kept = 0;
        for (long word : words) {
            kept += Long.bitCount(word);
        }
        return kept;
    }

    /** {@return pruned / all, in [0, 1]; 0 for an empty tensor} */
    public double sparsity() {
        return size() == 0 ? 0 : (double) (size() - kept()) / size();
    }

    /**
     * Keeps what both keep.
     *
     * @param other a mask of the same shape
     * @return a new mask
     * @throws IllegalArgumentException if the shapes differ
     */
    public Mask and(Mask other) {
        return combine(other, (a, b) -> a & b);
    }

    /**
     * Keeps what one of them keeps.
     *
     * @param other a mask of the same shape
     * @return a new mask
     * @throws IllegalArgumentException if the shapes differ
     */
    public Mask or(Mask other) {
        return combine(other, (a, b) -> a | b);
    }

    /**
     * Keeps what exactly one of them keeps.
     *
     * @param other a mask of the same shape
     * @return a new mask
     * @throws IllegalArgumentException if the shapes differ
     */
    public Mask xor(Mask other) {
        return combine(other, (a, b) -> a ^ b);
    }

    /**
     * Keeps what this one keeps and the other does not.
     *
     * @param other a mask of the same shape
     * @return a new mask
     * @throws IllegalArgumentException if the shapes differ
     */
    public Mask difference(Mask other) {
        return combine(other, (a, b) -> a & ~b);
    }

    /** {@return the mask that keeps what this one prunes} */
    public Mask not() {
        long[] inverted = new long[words.length];
        for (int k = 0; k < words.length; k++) {
            inverted[k] = ~words[k];
        }
        if (size() % Long.SIZE != 0) {
            inverted[inverted.length - 1] &= (1L << size()) - 1;
        }
        return new Mask(shape, inverted);
    }

    private Mask combine(Mask other, LongBinaryOperator operator) {
        requireSameShape(other);
        long[] combined = new long[words.length];
        for (int k = 0; k < words.length; k++) {
            combined[k] = operator.applyAsLong(words[k], other.words[k]);
        }
        return new Mask(shape, combined);
    }

    /**
     * How many weights both masks keep.
     *
     * @param other a mask of the same shape
     * @return the count
     * @throws IllegalArgumentException if the shapes differ
     */
    public long keptInBoth(Mask other) {
        requireSameShape(other);
        long both = 0;
        for (int k = 0; k < words.length; k++) {
            both += Long.bitCount(words[k] & other.words[k]);
        }
        return both;
    }

    private void requireSameShape(Mask other) {
        if (!shape.equals(other.shape)) {
            throw new IllegalArgumentException("masks of shape " + shape + " and " + other.shape + " do not fit");
        }
    }

    /**
     * The mask with its axes exchanged: weight (i, j) is this one's (j, i).
     *
     * @return a new mask
     * @throws IllegalArgumentException if the rank is not 2
     */
    public Mask transposed() {
        if (shape.rank() != 2) {
            throw new IllegalArgumentException("a mask of shape " + shape + " cannot be transposed: it is no matrix");
        }
        long rows = shape.dim(0);
        long cols = shape.dim(1);
        Mask turned = new Mask(TensorShape.of(cols, rows));
        for (int k = 0; k < words.length; k++) {
            for (long rest = words[k]; rest != 0; rest &= rest - 1) {
                long element = 64L * k + Long.numberOfTrailingZeros(rest);
                turned.keep(element % cols * rows + element / cols);
            }
        }
        return turned;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Mask that && shape.equals(that.shape) && Arrays.equals(words, that.words);
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + Arrays.hashCode(words);
    }

    /** {@return shape and count, such as {@code [300, 784], 70560 of 235200 kept}} */
    @Override
    public String toString() {
        return shape + ", " + kept() + " of " + size() + " kept";
    }
}
