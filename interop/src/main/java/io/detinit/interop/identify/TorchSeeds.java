package io.detinit.interop.identify;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Seeds to try, in order: ranges and single ones. Immutable; safe for use by many threads.
 *
 * @param ranges the ranges
 */
public record TorchSeeds(List<Range> ranges) implements Serializable {

    /**
     * Seeds beyond 9999 that are easily thought of: runs of digits and of one digit, round numbers and powers of two less one, the digits
     * of pi and e, words in hexadecimal (0xDEADBEEF, 0xCAFEBABE, 0xC0FFEE, 0xBADF00D), numbers of popular culture (31337, 8675309, 114514,
     * 19260817), 42 twice and more.
     */
    private static final List<Long> POPULAR = List.of(
            10000L,
            12345L,
            123456L,
            1234567L,
            12345678L,
            123456789L,
            1234567890L,
            31337L,
            54321L,
            65535L,
            65536L,
            99999L,
            100000L,
            111111L,
            114514L,
            271828L,
            314159L,
            666666L,
            888888L,
            1000000L,
            3141592L,
            8675309L,
            19260817L,
            42424242L,
            2147483647L,
            0xBADF00DL,
            0xC0FFEEL,
            0xCAFEBABEL,
            0xDEADBEEFL);

    /** 0 to 9999, then those that people choose beyond. */
    public static final TorchSeeds USUAL = range(0, 10_000).then(of(POPULAR));

    /**
     * Consecutive seeds.
     *
     * @param from the first one
     * @param to the one after the last, at least {@code from}
     */
    public record Range(long from, long to) implements Serializable {

        /**
         * Checks the range.
         *
         * @throws IllegalArgumentException if it ends before it begins or has more than 2^63-1 seeds
         */
        public Range {
            if (to < from || to - from < 0) {
                throw new IllegalArgumentException("seeds " + from + " to " + to + " are no range");
            }
        }

        private long size() {
            return to - from;
        }
    }

    /** Checks that the seeds can be counted. */
    public TorchSeeds {
        ranges = List.copyOf(ranges);
        long sum = 0;
        for (Range range : ranges) {
            sum = Math.addExact(sum, range.size());
        }
    }

    /**
     * Consecutive seeds.
     *
     * @param from the first one
     * @param to the one after the last
     * @return the seeds
     * @throws IllegalArgumentException if it ends before it begins
     */
    public static TorchSeeds range(long from, long to) {
        return new TorchSeeds(List.of(new Range(from, to)));
    }

    /**
     * Single seeds.
     *
     * @param seeds the seeds
     * @return the same
     */
    public static TorchSeeds of(List<Long> seeds) {
        return new TorchSeeds(
                seeds.stream().map(seed -> new Range(seed, seed + 1)).toList());
    }

    /**
     * These and then others.
     *
     * @param others the others
     * @return all of them
     */
    public TorchSeeds then(TorchSeeds others) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(others.ranges);
        return new TorchSeeds(all);
    }

    /** {@return how many there are} */
    public long size() {
        return ranges.stream().mapToLong(Range::size).sum();
    }

    /**
     * One of them.
     *
     * @param index which one, in [0, size)
     * @return the seed
     * @throws IndexOutOfBoundsException if there is none
     */
    public long get(long index) {
        long left = index;
        for (Range range : ranges) {
            if (left >= 0 && left < range.size()) {
                return range.from() + left;
            }
            left -= range.size();
        }
        throw new IndexOutOfBoundsException("seed " + index + " of " + size());
    }
}
