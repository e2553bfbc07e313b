package io.detinit.interop.audit;

import java.util.List;

/**
 * Counts of |w - w0| by powers of two. In a tensor of more than 2^21 elements one band of 65,536 in a few is counted, and stands
 * for the others, unless rows and columns were asked for.
 *
 * @param counted how many elements were really counted
 * @param zero how many are 0 (or below 2^-133)
 * @param firstExponent the exponent e of the first bin, [2^e, 2^(e+1)); float32's other denormals are in the bin of -127
 * @param counts the bins in ascending order; empty where all are zero
 */
public record DeltaHistogram(long counted, long zero, int firstExponent, List<Long> counts) {

    /** Copies the list. */
    public DeltaHistogram {
        counts = List.copyOf(counts);
    }
}
