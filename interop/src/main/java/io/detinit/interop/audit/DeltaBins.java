package io.detinit.interop.audit;

import io.detinit.generator.DeltaKernel;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Counts of |w - w0| by the upper 16 bits of its float32: quantiles and the histogram follow. Not thread-safe.
 */
final class DeltaBins {

    /** The shares that reports give. */
    static final List<Double> SHARES = List.of(0.05, 0.25, 0.5, 0.75, 0.95, 0.99);

    private static final int FRACTION_BITS = 7;
    private static final int INFINITE = 0x7F80;

    private final long[] counts = new long[DeltaKernel.BINS];
    private long counted;

    /** Beside bin 0, those from the first one up to the end have counts. */
    private int first = DeltaKernel.BINS;

    private int end;

    /** The bin of zero and some neighbouring bins of a part of the elements. */
    static final class Run implements Serializable {
        private static final long serialVersionUID = 1L;

        static final Run NONE = new Run(0, 0, new long[0]);

        private final long zeros;
        private final int first;
        private final long[] counts;

        private Run(long zeros, int first, long[] counts) {
            this.zeros = zeros;
            this.first = first;
            this.counts = counts;
        }

        /**
         * Takes the counts out of the bins, which become zero.
         *
         * @param bins the counts
         * @param lowest there are none below, except for bin 0
         * @param above there are none from here on
         */
        static Run take(long[] bins, int lowest, int above) {
            int first = lowest;
            int end = Math.max(first, above);
            while (first < end && bins[first] == 0) {
                first++;
            }
            while (end > first && bins[end - 1] == 0) {
                end--;
            }
            Run run = new Run(bins[0], first, Arrays.copyOfRange(bins, first, end));
            bins[0] = 0;
            Arrays.fill(bins, first, end, 0);
            return run;
        }

        /** The counts of both. */
        Run plus(Run other) {
            if (counts.length == 0 || other.counts.length == 0) {
                Run longer = counts.length == 0 ? other : this;
                return new Run(zeros + other.zeros, longer.first, longer.counts);
            }
            int low = Math.min(first, other.first);
            int end = Math.max(first + counts.length, other.first + other.counts.length);
            long[] both = new long[end - low];
            System.arraycopy(counts, 0, both, first - low, counts.length);
            for (int k = 0; k < other.counts.length; k++) {
                both[other.first - low + k] += other.counts[k];
            }
            return new Run(zeros + other.zeros, low, both);
        }
    }

    /** Adds counts of which each stands for so many elements. */
    void add(Run run, long weight) {
        counts[0] += weight * run.zeros;
        counted += run.zeros;
        for (int k = 0; k < run.counts.length; k++) {
            counts[run.first + k] += weight * run.counts[k];
            counted += run.counts[k];
        }
        if (run.counts.length > 0) {
            widen(run.first, run.first + run.counts.length);
        }
    }

    void add(DeltaBins other) {
        counts[0] += other.counts[0];
        for (int k = other.first; k < other.end; k++) {
            counts[k] += other.counts[k];
        }
        counted += other.counted;
        widen(other.first, other.end);
    }

    private void widen(int from, int to) {
        first = Math.min(first, from);
        end = Math.max(end, to);
    }

    /** The bin of a delta. */
    static int bin(float delta) {
        int bits = Float.floatToRawIntBits(delta) & 0x7FFF_FFFF;
        return Math.min(bits, 0x7FC0_0000) >>> 16;
    }

    /** Quantiles of the finite elements; inside a bin, elements are taken to lie evenly. */
    List<Figures.Quantile> quantiles(double max) {
        long finite = counts[0];
        for (int k = first; k < Math.min(end, INFINITE); k++) {
            finite += counts[k];
        }
        List<Figures.Quantile> quantiles = new ArrayList<>();
        for (double share : SHARES) {
            quantiles.add(new Figures.Quantile(share, finite == 0 ? 0 : Math.min(max, quantile(share * finite))));
        }
        return quantiles;
    }

    private double quantile(double rank) {
        double below = counts[0]; // zero itself, and denormals
        if (below >= rank) {
            return 0;
        }
        for (int k = first; k < Math.min(end, INFINITE); k++) {
            if (counts[k] > 0 && below + counts[k] >= rank) {
                double low = Float.intBitsToFloat(k << 16);
                double high = Float.intBitsToFloat((k + 1) << 16);
                return low + (high - low) * (rank - below) / counts[k];
            }
            below += counts[k];
        }
        return 0;
    }

    /** The elements that are 0, or so small that they share its bin: below 2^-133. */
    long zeros() {
        return counts[0];
    }

    DeltaHistogram histogram() {
        List<Long> bins = new ArrayList<>();
        int lowest = Math.min(first, end) >> FRACTION_BITS;
        int highest = (Math.min(end, INFINITE) - 1) >> FRACTION_BITS;
        int firstExponent = lowest - 127;
        for (int exponent = lowest; exponent <= highest; exponent++) {
            long sum = exponent == 0 ? -zeros() : 0;
            for (int k = 0; k < 1 << FRACTION_BITS; k++) {
                sum += counts[(exponent << FRACTION_BITS) + k];
            }
            if (bins.isEmpty() && sum == 0) {
                firstExponent = exponent + 1 - 127;
            } else {
                bins.add(sum);
            }
        }
        while (!bins.isEmpty() && bins.get(bins.size() - 1) == 0) {
            bins.remove(bins.size() - 1);
        }
        return new DeltaHistogram(counted, zeros(), bins.isEmpty() ? 0 : firstExponent, bins);
    }
}
