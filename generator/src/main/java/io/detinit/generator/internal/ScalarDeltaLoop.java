package io.detinit.generator.internal;

/**
 * The comparison in plain Java, for every JVM, and for the parts of a block that vectors leave over. Counts come from the
 * order of the bits of magnitudes as integers, without branches.
 */
public final class ScalarDeltaLoop implements DeltaLoop {

    /** The only one that is needed. */
    public static final ScalarDeltaLoop INSTANCE = new ScalarDeltaLoop();

    /** Elements between two passes: both arrays stay in the first-level cache. */
    private static final int CHUNK = 1024;

    private ScalarDeltaLoop() {}

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public void compare(DeltaBlock block) {
        compare(block, 0, block.count);
    }

    /**
     * Compares a part of a block.
     *
     * @param block the elements and where the results go
     * @param start the first element, a multiple of 64
     * @param end the element behind the last
     */
    public void compare(DeltaBlock block, int start, int end) {
        for (int k = start; k < end; k += CHUNK) {
            int chunkEnd = Math.min(end, k + CHUNK);
            block.load(k, chunkEnd);
            for (int word = k; word < chunkEnd; word += Long.SIZE) {
                long bits = count(block, word, Math.min(chunkEnd, word + Long.SIZE));
                if (block.wantsBits()) {
                    block.setMovedBits(word, bits);
                }
                block.moved[0] += Long.bitCount(bits);
            }
            for (int t = 1; t < block.limits.length; t++) {
                block.moved[t] += moved(block, t, k, chunkEnd);
            }
            for (int lane = 0; lane < DeltaState.LANES; lane++) {
                sum(block, k + lane, chunkEnd, lane);
            }
        }
        block.into.count += end - start;
    }

    private static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & DeltaBlock.MAGNITUDE;
    }

    /** Everything but sums and further limits, for one word; the word's bits say which elements moved. */
    private static long count(DeltaBlock block, int start, int end) {
        float[] weights = block.weights;
        float[] initial = block.initial;
        int from = block.from;
        int initialFrom = block.initialFrom;
        int limit = block.limits[0];
        long moved = 0;
        int changed = 0;
        int notFinite = 0;
        int flips = 0;
        int towards = 0;
        int away = 0;
        int max = 0;
        for (int k = start; k < end; k++) {
            float w = weights[from + k];
            float w0 = initial[initialFrom + k];
            int delta = magnitude(w - w0);
            int different = Float.floatToRawIntBits(w) ^ Float.floatToRawIntBits(w0);
            moved |= (long) ((limit - delta) >>> 31) << k;
            changed += (different | -different) >>> 31;
            if (delta >= DeltaBlock.INFINITE) {
                notFinite++;
                continue;
            }
            int m = magnitude(w);
            int m0 = magnitude(w0);
            max = Math.max(max, delta);
            towards += (m - m0) >>> 31;
            away += (m0 - m) >>> 31;
            if (different < 0 && m != 0 && m0 != 0) {
                flips++;
            }
        }
        DeltaState into = block.into;
        into.bitIdentical += end - start - changed;
        into.notFinite += notFinite;
        into.signFlips += flips;
        into.towardsZero += towards;
        into.awayFromZero += away;
        into.maxBits = Math.max(into.maxBits, max);
        return moved;
    }

    private static int moved(DeltaBlock block, int t, int start, int end) {
        float[] weights = block.weights;
        float[] initial = block.initial;
        int from = block.from;
        int initialFrom = block.initialFrom;
        int limit = block.limits[t];
        int moved = 0;
        for (int k = start; k < end; k++) {
            moved += (limit - magnitude(weights[from + k] - initial[initialFrom + k])) >>> 31;
        }
        return moved;
    }

    /** One lane of all sums. */
    private static void sum(DeltaBlock block, int start, int end, int lane) {
        float[] weights = block.weights;
        float[] initial = block.initial;
        int from = block.from;
        int initialFrom = block.initialFrom;
        double[] lanes = block.into.lanes;
        double absolute = lanes[DeltaState.ABSOLUTE + lane];
        double squared = lanes[DeltaState.SQUARED + lane];
        double sum = lanes[DeltaState.WEIGHTS + lane];
        double sum0 = lanes[DeltaState.INITIAL + lane];
        double squares = lanes[DeltaState.SQUARED_WEIGHTS + lane];
        double squares0 = lanes[DeltaState.SQUARED_INITIAL + lane];
        double products = lanes[DeltaState.PRODUCTS + lane];
        for (int k = start; k < end; k += DeltaState.LANES) {
            double w = weights[from + k];
            double w0 = initial[initialFrom + k];
            double d = w - w0;
            if (Math.abs((float) d) <= Float.MAX_VALUE) {
                absolute += Math.abs(d);
                squared = Math.fma(d, d, squared);
                sum += w;
                sum0 += w0;
                squares += w * w;
                squares0 += w0 * w0;
                products += w * w0;
            }
        }
        lanes[DeltaState.ABSOLUTE + lane] = absolute;
        lanes[DeltaState.SQUARED + lane] = squared;
        lanes[DeltaState.WEIGHTS + lane] = sum;
        lanes[DeltaState.INITIAL + lane] = sum0;
        lanes[DeltaState.SQUARED_WEIGHTS + lane] = squares;
        lanes[DeltaState.SQUARED_INITIAL + lane] = squares0;
        lanes[DeltaState.PRODUCTS + lane] = products;
    }

    @Override
    public int histogram(float[] weights, int from, float[] initial, int initialFrom, int count, long[] bins) {
        int lowest = DeltaBlock.NOT_A_NUMBER >>> 16;
        for (int k = 0; k < count; k++) {
            int delta = magnitude(weights[from + k] - initial[initialFrom + k]);
            int bin = Math.min(delta, DeltaBlock.NOT_A_NUMBER) >>> 16;
            bins[bin]++;
            lowest = bin == 0 ? lowest : Math.min(lowest, bin);
        }
        return lowest;
    }
}
