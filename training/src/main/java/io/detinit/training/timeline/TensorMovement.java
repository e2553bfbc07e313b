package io.detinit.training.timeline;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.TensorAudit;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How far a live parameter, or all of them together, lay from the initial values at one moment. Elements whose w - w0 is NaN or
 * infinite count as moved and enter nothing else.
 *
 * @param name the parameter's name; empty for all together
 * @param shape its shape, outputs first; of all together [elements]
 * @param movedAt how many elements moved, one figure for each threshold
 * @param bitIdentical how many have the very bits of the initial value
 * @param notFinite how many differences are NaN or infinite
 * @param rmsDelta root of the mean of (w - w0)^2
 * @param initStd standard deviation of the initial values; 0 for constants, NaN for all together
 * @param relativeRms root of the mean of ((w - w0) / initStd)^2; empty where initStd is 0
 * @param maxAbsDelta largest |w - w0|
 * @param correlation Pearson's correlation of w and w0; empty where one of them is constant
 * @param deadUnits rows in which nothing moved at the first threshold; empty for rank below 2
 * @param deadInputs columns in which nothing moved at the first threshold; empty for rank below 2
 */
public record TensorMovement(
        String name,
        TensorShape shape,
        List<Long> movedAt,
        long bitIdentical,
        long notFinite,
        double rmsDelta,
        double initStd,
        OptionalDouble relativeRms,
        double maxAbsDelta,
        OptionalDouble correlation,
        OptionalLong deadUnits,
        OptionalLong deadInputs) {

    /** Copies the list. */
    public TensorMovement {
        movedAt = List.copyOf(movedAt);
    }

    static TensorMovement of(TensorAudit audit) {
        return of(
                audit.name(),
                audit.stored().logical(audit.shape()),
                audit.figures(),
                audit.deadUnits(),
                audit.deadInputs());
    }

    static TensorMovement ofAll(Figures total) {
        return of("", TensorShape.of(total.elements()), total, OptionalLong.empty(), OptionalLong.empty());
    }

    private static TensorMovement of(
            String name, TensorShape shape, Figures figures, OptionalLong deadUnits, OptionalLong deadInputs) {
        return new TensorMovement(
                name,
                shape,
                figures.movedAt(),
                figures.bitIdentical(),
                figures.notFinite(),
                figures.rmsDelta(),
                figures.initStd(),
                figures.relativeRmsDelta(),
                figures.maxAbsDelta(),
                figures.correlation(),
                deadUnits,
                deadInputs);
    }

    /** {@return how many elements were compared} */
    public long elements() {
        return shape.elements();
    }

    /**
     * Moved elements in per cent.
     *
     * @param threshold the index of the threshold
     * @return per cent; 0 where there are no elements
     */
    public double movedPercent(int threshold) {
        return elements() == 0 ? 0 : 100.0 * movedAt.get(threshold) / elements();
    }

    /** {@return moved elements in per cent at the first threshold; 0 where there are no elements} */
    public double movedPercent() {
        return movedPercent(0);
    }

    /** Whether every element still has the bits of its initial value. */
    boolean isInitial() {
        return bitIdentical == elements();
    }

    /** Whether every figure is that of another moment: practically only if no element changed in between. */
    boolean hasFiguresOf(TensorMovement other) {
        return movedAt.equals(other.movedAt)
                && bitIdentical == other.bitIdentical
                && notFinite == other.notFinite
                && Double.compare(rmsDelta, other.rmsDelta) == 0
                && Double.compare(maxAbsDelta, other.maxAbsDelta) == 0
                && correlation.equals(other.correlation);
    }
}
