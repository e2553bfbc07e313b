package io.detinit.interop.audit;

import java.util.List;
import java.util.OptionalDouble;

/**
 * The figures of a tensor, or of all audited ones together. Elements whose delta is NaN or infinite count as moved and enter
 * nothing else.
 *
 * @param elements how many were compared
 * @param movedAt how many moved, one figure for each threshold in the order given
 * @param limits what each threshold came to in this tensor: a limit of |w - w0|, in representable numbers for ULP; NaN in the
 *     total where it differs from tensor to tensor
 * @param bitIdentical how many have the very bits of the initial value
 * @param notFinite how many differences are NaN or infinite
 * @param meanAbsDelta mean of |w - w0|
 * @param rmsDelta root of the mean of (w - w0)^2
 * @param maxAbsDelta largest |w - w0|
 * @param initStd standard deviation of the initial values: of the distribution where there is one, else measured; 0 for
 *     constants, NaN in the total
 * @param relativeRmsDelta root of the mean of ((w - w0) / initStd)^2; empty where initStd is 0
 * @param correlation Pearson's correlation of w and w0; empty where one of them is constant
 * @param cosine cosine of the angle between w and w0; empty where one of them is zero
 * @param signFlips how many went from above zero to below or back
 * @param towardsZero how many have |w| &lt; |w0|
 * @param awayFromZero how many have |w| > |w0|
 * @param quantiles of |w - w0|, within 0.8 % of their value; from what the histogram counted
 * @param histogram of |w - w0| by powers of two
 * @param spacing the distance of neighbouring numbers of the file's dtype at the size of initStd; smaller movement is lost in
 *     rounding. 0 where initStd is 0, NaN in the total
 */
public record Figures(
        long elements,
        List<Long> movedAt,
        List<Double> limits,
        long bitIdentical,
        long notFinite,
        double meanAbsDelta,
        double rmsDelta,
        double maxAbsDelta,
        double initStd,
        OptionalDouble relativeRmsDelta,
        OptionalDouble correlation,
        OptionalDouble cosine,
        long signFlips,
        long towardsZero,
        long awayFromZero,
        List<Quantile> quantiles,
        DeltaHistogram histogram,
        double spacing) {

    /** Copies the lists. */
    public Figures {
        movedAt = List.copyOf(movedAt);
        limits = List.copyOf(limits);
        quantiles = List.copyOf(quantiles);
    }

    /**
     * A quantile.
     *
     * @param q the share of elements at or below it, in (0, 1)
     * @param value the |w - w0|
     */
    public record Quantile(double q, double value) {}

    /** {@return how many moved at the first threshold} */
    public long moved() {
        return movedAt.get(0);
    }

    /** {@return moved elements in per cent; 0 where there are none} */
    public double movedPercent() {
        return percent(moved());
    }

    /** {@return unmoved elements in per cent; 0 where there are none} */
    public double sleepingPercent() {
        return percent(elements - moved());
    }

    /**
     * A count in per cent of the elements.
     *
     * @param count the count
     * @return per cent; 0 where there are no elements
     */
    public double percent(long count) {
        return elements == 0 ? 0 : 100.0 * count / elements;
    }
}
