package io.detinit.interop.audit;

import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.List;

/**
 * The exact quantiles of |w - w0| (as float32) over many tensors, by two counting passes over the bits: the upper 16, then the
 * lower. Nothing is kept but counts.
 */
final class QuantileSearch {

    private static final int HALF = 1 << 16;
    private static final int NOT_A_NUMBER = 0x7FC0_0000;

    private final List<TensorWork> works;
    private final int threads;

    QuantileSearch(List<TensorWork> works, int threads) {
        this.works = works;
        this.threads = threads;
    }

    /** The smallest value that at least the share q of the elements do not exceed; 0 where q is 0. */
    static double find(double q, long elements, DividedAudit.BitCounter counter) throws IOException {
        long rank = (long) Math.ceil(q * elements);
        if (rank <= 0) {
            return 0;
        }
        long[] upper = counter.count(-1);
        int high = 0;
        long below = 0;
        while (below + upper[high] < rank) {
            below += upper[high++];
        }
        long[] lower = counter.count(high);
        int low = 0;
        while (below + lower[low] < rank) {
            below += lower[low++];
        }
        return Float.intBitsToFloat(high << 16 | low);
    }

    /** Counts by the upper half; of those with a given upper half by the lower one. */
    long[] count(int high) throws IOException {
        long[] total = new long[HALF];
        for (TensorWork work : works) {
            long chunks = (work.elements() + ChunkAudit.BAND - 1) / ChunkAudit.BAND;
            int stripes = (int) Math.min(threads, chunks);
            List<long[]> parts =
                    Parallel.run(stripes, stripes, () -> new WeightReader(ChunkAudit.BAND), (r, stripe) -> {
                        long[] counts = new long[HALF];
                        for (long chunk = stripe; chunk < chunks; chunk += stripes) {
                            count(r, work, chunk, high, counts);
                        }
                        return counts;
                    });
            for (long[] part : parts) {
                for (int k = 0; k < HALF; k++) {
                    total[k] += part[k];
                }
            }
        }
        return total;
    }

    static void count(WeightReader reader, TensorWork work, long chunk, int high, long[] counts) throws IOException {
        long from = chunk * ChunkAudit.BAND;
        int count = (int) Math.min(ChunkAudit.BAND, work.elements() - from);
        reader.read(work.view(), work.values(), work.decay(), from, count);
        DType dtype = work.dtype();
        for (int k = 0; k < count; k++) {
            int bits = Math.min(Float.floatToRawIntBits((float) reader.delta(k, dtype)) & 0x7FFF_FFFF, NOT_A_NUMBER);
            if (high < 0) {
                counts[bits >>> 16]++;
            } else if (bits >>> 16 == high) {
                counts[bits & 0xFFFF]++;
            }
        }
    }
}
