package io.detinit.generator;

import io.detinit.generator.internal.DeltaBlock;
import io.detinit.generator.internal.DeltaLoops;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * Compares trained weights w with initial weights w0, both float32 in memory, at a cost below that of generating w0.
 *
 * <p>A band is a run of elements whose results belong together; it is handed over in blocks that start at multiples of
 * {@value #ALIGNMENT} elements of the band, in ascending order. Cutting a band into other blocks changes no bit of the
 * results. The delta of an element is d = w - w0, rounded to float32 (but for the sums, see {@link DeltaSums}). Weights of
 * float16 and bfloat16 are widened to float32 by the caller, which is exact.
 *
 * <p>{@link DeltaSums} receives counts and sums. Beside them an element has moved at a limit where |d| &lt;= limit does not
 * hold: a NaN delta has moved at every limit, and every element at a limit that is NaN or negative.
 *
 * <p>The code is vectorised where {@link TensorInit#fill} is, with the same bits in plain Java elsewhere. Stateless; safe for
 * use by many threads, each with results of its own.
 */
public final class DeltaKernel {

    /** What block starts are multiples of, in elements. */
    public static final int ALIGNMENT = 64;

    /** How many bins {@link #histogram} counts in: one for each upper half of the bits of |d|, up to that of NaN. */
    public static final int BINS = 0x7FC1;

    /** Elements of a buffer that are copied at once for the histogram. */
    private static final int HISTOGRAM_PART = 1 << 13;

    private DeltaKernel() {}

    /**
     * Compares a block that lies at the same place in both arrays, which hold the band from index 0 on.
     *
     * @param weights w
     * @param initial w0
     * @param offset the block's first element in both arrays, a multiple of {@value #ALIGNMENT}
     * @param count how many elements
     * @param limits one limit of |d| at least
     * @param into receives counts and sums, added to what it holds
     * @param moved receives, added, how many elements moved at each limit; as long as the limits or longer
     * @param movedBits receives which elements moved at the first limit, overwriting: element k of the band is bit k mod 64
     *     of word k / 64, and bits of the last word beyond the block become 0
     * @throws IllegalArgumentException if the offset is not aligned, there is no limit or an array of results is too short
     * @throws IndexOutOfBoundsException if the block does not lie in both arrays
     */
    public static void compare(
            float[] weights,
            float[] initial,
            int offset,
            int count,
            float[] limits,
            DeltaSums into,
            long[] moved,
            long[] movedBits) {
        if (offset % ALIGNMENT != 0) {
            throw new IllegalArgumentException("the offset is " + offset + ", not a multiple of " + ALIGNMENT);
        }
        Objects.checkFromIndexSize(offset, count, weights.length);
        Objects.checkFromIndexSize(offset, count, initial.length);
        checkLimits(limits, moved);
        int firstWord = offset / ALIGNMENT;
        checkBits(count, movedBits, firstWord);
        DeltaBlock block = new DeltaBlock(
                weights, offset, initial, offset, count, limits, into.state, moved, movedBits, firstWord);
        DeltaLoops.active().compare(block);
    }

    /**
     * Compares a block whose weights lie in a buffer, as they were read from a file; they are not copied as a whole. Where the block
     * starts in its band is a multiple of {@value #ALIGNMENT}; where it starts in buffer and array need not be.
     *
     * @param weights w; its position and limit are left alone, and it is not read beyond its limit
     * @param from the index of the block's first w, counted from the start of the buffer
     * @param initial w0
     * @param initialFrom the index of the block's first w0
     * @param count how many elements
     * @param limits one limit of |d| at least
     * @param into receives counts and sums, added to what it holds
     * @param moved receives, added, how many elements moved at each limit; as long as the limits or longer
     * @param movedBits receives which elements moved at the first limit, overwriting: element k of the block is bit k mod 64
     *     of word {@code firstWord} + k / 64, and bits of the last word beyond the block become 0; or an empty array: not to be
     *     told saves a sixth of the time
     * @param firstWord the word that the block's first element goes to
     * @throws IllegalArgumentException if there is no limit or an array of results is too short
     * @throws IndexOutOfBoundsException if the block does not lie in buffer and array
     */
    public static void compare(
            FloatBuffer weights,
            int from,
            float[] initial,
            int initialFrom,
            int count,
            float[] limits,
            DeltaSums into,
            long[] moved,
            long[] movedBits,
            int firstWord) {
        Objects.checkFromIndexSize(from, count, weights.limit());
        Objects.checkFromIndexSize(initialFrom, count, initial.length);
        checkLimits(limits, moved);
        if (movedBits.length > 0) {
            checkBits(count, movedBits, firstWord);
        }
        DeltaBlock block = new DeltaBlock(
                weights, from, initial, initialFrom, count, limits, into.state, moved, movedBits, firstWord);
        DeltaLoops.active().compare(block);
    }

    private static void checkBits(int count, long[] movedBits, int firstWord) {
        int words = count / ALIGNMENT + (count % ALIGNMENT == 0 ? 0 : 1);
        if (firstWord < 0 || firstWord > movedBits.length - words) {
            throw new IllegalArgumentException(movedBits.length + " words cannot take the bits of " + count
                    + " elements from word " + firstWord + " on");
        }
    }

    private static void checkLimits(float[] limits, long[] moved) {
        if (limits.length == 0) {
            throw new IllegalArgumentException("no limit is given; 0 asks which elements changed at all");
        }
        if (moved.length < limits.length) {
            throw new IllegalArgumentException(moved.length + " counts cannot take " + limits.length + " limits");
        }
    }

    /**
     * Counts elements by the upper 16 bits of |d|: an exponent and the seven upper bits of the fraction make a bin, the bins
     * are in the order of |d|, infinity has bin 0x7F80 and NaN the last, 0x7FC0.
     *
     * @param weights w
     * @param from the index of the first w
     * @param initial w0
     * @param initialFrom the index of the first w0
     * @param count how many elements
     * @param bins receives the counts, added; {@value #BINS} or longer
     * @return a bin: none below it has been added to, except for bin 0
     * @throws IllegalArgumentException if there are too few bins
     * @throws IndexOutOfBoundsException if the elements do not lie in both arrays
     */
    public static int histogram(float[] weights, int from, float[] initial, int initialFrom, int count, long[] bins) {
        Objects.checkFromIndexSize(from, count, weights.length);
        Objects.checkFromIndexSize(initialFrom, count, initial.length);
        if (bins.length < BINS) {
            throw new IllegalArgumentException(bins.length + " bins are too few; there are " + BINS);
        }
        return DeltaLoops.active().histogram(weights, from, initial, initialFrom, count, bins);
    }

    /**
     * Counts elements as {@link #histogram(float[], int, float[], int, int, long[])} does, whose weights lie in a buffer.
     *
     * @param weights w; its position and limit are left alone, and it is not read beyond its limit
     * @param from the index of the first w, counted from the start of the buffer
     * @param initial w0
     * @param initialFrom the index of the first w0
     * @param count how many elements
     * @param bins receives the counts, added; {@value #BINS} or longer
     * @return a bin: none below it has been added to, except for bin 0
     * @throws IllegalArgumentException if there are too few bins
     * @throws IndexOutOfBoundsException if the elements do not lie in buffer and array
     */
    public static int histogram(
            FloatBuffer weights, int from, float[] initial, int initialFrom, int count, long[] bins) {
        Objects.checkFromIndexSize(from, count, weights.limit());
        Objects.checkFromIndexSize(initialFrom, count, initial.length);
        float[] part = new float[Math.min(count, HISTOGRAM_PART)];
        int lowest = BINS - 1;
        for (int done = 0; done < count; done += part.length) {
            int length = Math.min(part.length, count - done);
            weights.get(from + done, part, 0, length);
            lowest = Math.min(lowest, histogram(part, 0, initial, initialFrom + done, length, bins));
        }
        return lowest;
    }
}
