package io.detinit.interop.identify;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Seeds of several intervals, one after another, numbered from 0. Immutable. */
final class SeedList implements Serializable {

    private static final long serialVersionUID = 1L;

    private final ArrayList<SeedInterval> intervals;
    private final long[] starts;
    private final long count;

    /**
     * Numbers the seeds.
     *
     * @throws IllegalArgumentException if there is none, or there are more than 2^63-1
     */
    SeedList(List<SeedInterval> intervals) {
        if (intervals.isEmpty()) {
            throw new IllegalArgumentException("a search needs at least one seed");
        }
        this.intervals = new ArrayList<>(intervals);
        this.starts = new long[intervals.size()];
        long sum = 0;
        for (int k = 0; k < starts.length; k++) {
            starts[k] = sum;
            try {
                sum = Math.addExact(sum, intervals.get(k).count());
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("more than 2^63-1 seeds are to be searched", e);
            }
        }
        this.count = sum;
    }

    long count() {
        return count;
    }

    long seed(long number) {
        int found = Arrays.binarySearch(starts, number);
        int interval = found >= 0 ? found : -found - 2;
        return intervals.get(interval).first() + (number - starts[interval]);
    }
}
