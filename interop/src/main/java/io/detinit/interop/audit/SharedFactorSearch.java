package io.detinit.interop.audit;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Looks for a factor that many weights share: the ratios w / w0 of weights that training did not need pile up at what weight
 * decay left of them, those of the others are spread.
 */
final class SharedFactorSearch {

    /** Elements sampled of each tensor, from the first. */
    private static final int SAMPLE = 1 << 16;

    private static final double BIN = 5e-4;
    private static final int BINS = 3000;

    /** How many bins beside the peak tell what lies there anyway. */
    private static final int NEIGHBOURS = 20;

    private static final double LEAST_SHARE = 0.01;
    private static final double LEAST_CONTRAST = 4;

    private SharedFactorSearch() {}

    static Optional<SharedFactor> in(List<TensorWork> works) throws IOException {
        long[] bins = new long[BINS];
        double[] sums = new double[BINS];
        long sampled = 0;
        WeightReader reader = new WeightReader(SAMPLE);
        for (TensorWork work : works) {
            if (!work.values().isRandom()) {
                continue;
            }
            double std = TensorWork.scale(work.values());
            int count = (int) Math.min(SAMPLE, work.elements());
            reader.read(work.view(), work.values(), 1, 0, count);
            for (int k = 0; k < count; k++) {
                double w = reader.w(k, work.dtype());
                double w0 = w - reader.delta(k, work.dtype());
                if (Math.abs(w0) > 0.5 * std) {
                    sampled++;
                    int bin = (int) Math.floor(w / w0 / BIN);
                    if (bin >= 0 && bin < BINS) {
                        bins[bin]++;
                        sums[bin] += w / w0;
                    }
                }
            }
        }
        return peak(bins, sums, sampled);
    }

    private static Optional<SharedFactor> peak(long[] bins, double[] sums, long sampled) {
        int best = 1;
        for (int k = 1; k < BINS - 1; k++) {
            if (pair(bins, k) > pair(bins, best)) {
                best = k;
            }
        }
        long height = pair(bins, best);
        long around = 0;
        int counted = 0;
        for (int k = best - NEIGHBOURS; k <= best + NEIGHBOURS; k++) {
            if (k >= 0 && k < BINS && Math.abs(k - best) > NEIGHBOURS / 4) {
                around += bins[k];
                counted++;
            }
        }
        double expected = counted == 0 ? 0 : 2.0 * around / counted;
        double share = sampled == 0 ? 0 : (height - expected) / sampled;
        double factor = height == 0 ? 1 : (sums[best] + sums[best - 1]) / height;
        boolean found = share > LEAST_SHARE && height > LEAST_CONTRAST * expected && factor < 1 - BIN / 5;
        return found ? Optional.of(new SharedFactor(factor, share)) : Optional.empty();
    }

    /** A bin and the one before it, since a peak may lie on their border. */
    private static long pair(long[] bins, int k) {
        return bins[k] + bins[k - 1];
    }
}
