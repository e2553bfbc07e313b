package io.detinit.interop.audit;

/**
 * The figures of one row of a tensor: the weights into one output.
 *
 * @param row which row
 * @param elements how many weights
 * @param moved how many moved at the first threshold
 * @param bitIdentical how many have the very bits of the initial value
 * @param notFinite how many differences are NaN or infinite
 * @param meanAbsDelta sum of the finite |w - w0| over {@code elements}
 * @param maxAbsDelta largest finite |w - w0|
 */
public record RowFigures(
        long row,
        long elements,
        long moved,
        long bitIdentical,
        long notFinite,
        double meanAbsDelta,
        double maxAbsDelta) {}
