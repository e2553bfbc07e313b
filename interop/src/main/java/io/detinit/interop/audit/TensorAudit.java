package io.detinit.interop.audit;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What an audit found in one tensor.
 *
 * @param name the tensor's name
 * @param shape its shape
 * @param dtype its dtype
 * @param elements how many elements it has
 * @param audited whether it was compared; where not, only the fields up to {@code reason} mean anything
 * @param reason why it was not audited; empty where it was
 * @param movedAt how many elements moved, one figure for each threshold in the order given
 * @param bitIdentical how many elements have the very bits of the initial value
 * @param notFinite how many differences are NaN or infinite; they count as moved and enter no mean
 * @param meanAbsDelta mean of |w - w0|
 * @param rmsDelta root of the mean of (w - w0)^2
 * @param maxAbsDelta largest |w - w0|
 * @param correlation Pearson's correlation of w and w0; empty where one of them is constant
 * @param signFlips how many weights have the other sign than their initial value
 * @param deadInputs columns in which nothing moved (at the first threshold); empty for rank below 2
 * @param deadUnits rows in which nothing moved (at the first threshold); empty for rank below 2
 */
public record TensorAudit(
        String name,
        TensorShape shape,
        DType dtype,
        long elements,
        boolean audited,
        String reason,
        List<Long> movedAt,
        long bitIdentical,
        long notFinite,
        double meanAbsDelta,
        double rmsDelta,
        double maxAbsDelta,
        OptionalDouble correlation,
        long signFlips,
        OptionalLong deadInputs,
        OptionalLong deadUnits) {

    /** Copies the list. */
    public TensorAudit {
        movedAt = List.copyOf(movedAt);
    }

    static TensorAudit skipped(String name, TensorShape shape, DType dtype, String reason) {
        return new TensorAudit(
                name,
                shape,
                dtype,
                shape.elements(),
                false,
                reason,
                List.of(),
                0,
                0,
                0,
                0,
                0,
                OptionalDouble.empty(),
                0,
                OptionalLong.empty(),
                OptionalLong.empty());
    }

    /** {@return how many elements moved at the first threshold} */
    public long moved() {
        return audited ? movedAt.get(0) : 0;
    }

    /** {@return moved elements in per cent of all; 0 for an empty tensor} */
    public double movedPercent() {
        return elements == 0 ? 0 : 100.0 * moved() / elements;
    }
}
