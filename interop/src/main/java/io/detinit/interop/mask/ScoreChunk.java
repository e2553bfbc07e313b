package io.detinit.interop.mask;

import io.detinit.interop.audit.WeightReader;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.ElementReader;
import java.io.IOException;
import java.util.Arrays;

/**
 * The ranks of a chunk of weights. A rank key is a number of 33 bits, ordered as weights are pruned: its highest bit, the group, is
 * 0 for weights that go before all others because their sign changed; the 32 bits below it are ordered, unsigned, like the
 * float32 scores, NaN above all. Criteria that do not look at signs have the group 0 alone.
 *
 * <p>Initial values are regenerated only where the criterion looks at them.
 *
 * <p>Not thread-safe; each thread has its own.
 */
final class ScoreChunk {

    /** The most weights at once; a multiple of 64, so that chunks own whole words of a mask. */
    static final int SIZE = 1 << 16;

    /** How many groups there are. */
    static final int GROUPS = 2;

    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    private static final int SIGN = Integer.MIN_VALUE;

    private final Criterion criterion;
    private final Score score;
    private final long randomSeed;
    private final boolean readsWeights;
    private final ElementReader elements = new ElementReader();
    private final float[] w;
    private final float[] w0;
    private final float[] scores = new float[SIZE];
    private double[] wide = new double[0];
    private double[] wide0 = new double[0];
    private int[] keys = new int[SIZE];
    private final byte[] groups = new byte[SIZE];

    ScoreChunk(Selection selection) {
        this.criterion = selection.criterion();
        this.score = criterion.score();
        this.randomSeed = selection.randomSeed();
        this.readsWeights = !criterion.isRandom() || criterion.needsInit();
        this.w = new float[readsWeights ? SIZE : 0];
        this.w0 = new float[criterion.needsInit() ? SIZE : 0];
    }

    /** {@return how many bytes the keys of a full chunk take, beside groups that are all 0} */
    static int bytes(Criterion criterion) {
        return SIZE * (criterion.isSameSign() ? Integer.BYTES + 1 : Integer.BYTES);
    }

    /** {@return the keys last read, valid until the next read} */
    Keys keys() {
        return new Keys(keys, groups);
    }

    /**
     * Gives keys away.
     *
     * @param count how many were last read
     * @return them, valid for good
     */
    Keys detach(int count) {
        boolean full = count == SIZE;
        int[] lower = full ? keys : Arrays.copyOf(keys, count);
        keys = full ? new int[SIZE] : keys;
        return new Keys(lower, criterion.isSameSign() ? Arrays.copyOf(groups, count) : groups);
    }

    /**
     * Reads the keys of a range.
     *
     * @param one the parameter
     * @param from the first weight in the order of the parameter
     * @param count how many, at most {@link #SIZE}
     */
    void readKeys(Prunable one, long from, int count) throws IOException {
        DType dtype = one.tensor().info().dtype();
        readWeights(one, dtype, from, count);
        if (criterion.isRandom()) {
            RandomScores.fill(randomSeed, one, from, scores, count);
        } else if (dtype == DType.F64) {
            for (int k = 0; k < count; k++) {
                scores[k] = (float) wideScore(k);
            }
        } else {
            score.fill(w, w0, scores, count);
        }
        order(count);
        if (criterion.isSameSign()) {
            for (int k = 0; k < count; k++) {
                groups[k] = (byte) (changedSign(k, dtype) ? 0 : 1);
            }
        }
    }

    /**
     * Which weights of a range are kept by a limit: those whose score lies above it, unless their sign changed where the criterion
     * looks at that.
     *
     * @param one the parameter
     * @param from the first weight in the order of the parameter
     * @param count how many, at most {@link #SIZE}
     * @param limit the limit, compared as an audit compares it: in float32, in double for F64
     * @return one bit for each
     */
    long[] above(Prunable one, long from, int count, double limit) throws IOException {
        DType dtype = one.tensor().info().dtype();
        readWeights(one, dtype, from, count);
        long[] words = new long[(count + Long.SIZE - 1) / Long.SIZE];
        if (dtype == DType.F64 && !criterion.isRandom()) {
            for (int k = 0; k < count; k++) {
                words[k >>> 6] |= (wideScore(k) <= limit ? 0L : 1L) << k;
            }
        } else {
            if (criterion.isRandom()) {
                RandomScores.fill(randomSeed, one, from, scores, count);
            } else {
                score.fill(w, w0, scores, count);
            }
            aboveFloats(words, count, (float) limit);
        }
        if (criterion.isSameSign()) {
            for (int k = 0; k < count; k++) {
                words[k >>> 6] &= ~((changedSign(k, dtype) ? 1L : 0L) << k);
            }
        }
        return words;
    }

    private void aboveFloats(long[] words, int count, float limit) {
        for (int word = 0; word < words.length; word++) {
            int start = word * Long.SIZE;
            int end = Math.min(count, start + Long.SIZE);
            long bits = 0;
            for (int k = start; k < end; k++) {
                bits |= (scores[k] <= limit ? 0L : 1L) << k;
            }
            words[word] = bits;
        }
    }

    private void readWeights(Prunable one, DType dtype, long from, int count) throws IOException {
        if (!readsWeights) {
            return;
        }
        if (dtype == DType.F64) {
            readWide(one, from, count);
            return;
        }
        elements.floats(one.tensor(), from, w, 0, count);
        if (criterion.needsInit()) {
            one.values().fill(from, w0, 0, count);
            WeightReader.round(w0, count, dtype);
        }
    }

    private void readWide(Prunable one, long from, int count) throws IOException {
        if (wide.length == 0) {
            wide = new double[SIZE];
            wide0 = new double[criterion.needsInit() ? SIZE : 0];
        }
        elements.doubles(one.tensor(), from, wide, 0, count);
        if (criterion.needsInit()) {
            one.values().fill(from, wide0, 0, count);
        }
    }

    private double wideScore(int k) {
        return score.of(wide[k], wide0.length == 0 ? 0 : wide0[k]);
    }

    private boolean changedSign(int k, DType dtype) {
        return dtype == DType.F64 ? opposite(wide[k], wide0[k]) : opposite(w[k], w0[k]);
    }

    private static boolean opposite(double a, double b) {
        return (a < 0 && b > 0) || (a > 0 && b < 0);
    }

    /** Turns scores into keys, without a branch. No score is a negative zero. */
    private void order(int count) {
        for (int k = 0; k < count; k++) {
            int bits = Float.floatToRawIntBits(scores[k]);
            int notANumber = (INFINITY - (bits & ~SIGN)) >> 31;
            keys[k] = (bits ^ ((bits >> 31) | SIGN)) | notANumber;
        }
    }

    /** {@return the score behind a key's lower 32 bits} */
    static float score(int key) {
        return Float.intBitsToFloat(key < 0 ? key ^ SIGN : ~key);
    }
}
