package io.detinit.generator.quality;

import java.util.Arrays;
import java.util.List;

/**
 * Birthday spacings (Marsaglia; parameters by L'Ecuyer and Simard 2001): 2^14 birthdays in a year of 2^40 days, the upper and
 * the lower 40 bits; equal spacings are Poisson with mean 1 a year. One year a chunk.
 */
final class BirthdaySpacings implements WordStatistic {

    private static final int BIRTHDAYS = 1 << 14;
    private static final int BITS = 40;

    private final long[] days = new long[BIRTHDAYS];
    private long years;
    private long upper;
    private long lower;

    @Override
    public void accept(long[] words) {
        years++;
        for (int k = 0; k < BIRTHDAYS; k++) {
            days[k] = words[k] >>> (64 - BITS);
        }
        upper += equalSpacings(days);
        for (int k = 0; k < BIRTHDAYS; k++) {
            days[k] = words[k] & ((1L << BITS) - 1);
        }
        lower += equalSpacings(days);
    }

    /** Destroys its argument. */
    private static long equalSpacings(long[] days) {
        Arrays.sort(days);
        long first = days[0];
        for (int k = 0; k < BIRTHDAYS - 1; k++) {
            days[k] = days[k + 1] - days[k];
        }
        // The last entry still holds the last birthday: its spacing goes around the end of the year.
        days[BIRTHDAYS - 1] = first + (1L << BITS) - days[BIRTHDAYS - 1];
        Arrays.sort(days);
        long equal = 0;
        for (int k = 1; k < BIRTHDAYS; k++) {
            equal += days[k] == days[k - 1] ? 1 : 0;
        }
        return equal;
    }

    @Override
    public List<Result> results(String order) {
        return List.of(
                new Result("words", order, "birthdays, upper bits", upper, Distributions.poissonP(upper, years)),
                new Result("words", order, "birthdays, lower bits", lower, Distributions.poissonP(lower, years)));
    }
}
