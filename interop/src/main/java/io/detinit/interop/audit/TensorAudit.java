package io.detinit.interop.audit;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What an audit found in one tensor. Rows are units (outputs) and columns inputs, whichever way round the file keeps the matrix.
 *
 * @param name the tensor's name in the file
 * @param shape its shape in the file
 * @param dtype its dtype
 * @param stored which way round the file keeps it
 * @param baselineName what the baseline calls it; empty where it was not audited
 * @param reason why it was not audited; empty where it was
 * @param figures the figures; all zero where it was not audited
 * @param provenance whether the initial values belong to it; empty where they are constant or it was not audited
 * @param deadInputs columns in which nothing moved (at the first threshold); empty for rank below 2
 * @param deadUnits rows in which nothing moved (at the first threshold); empty for rank below 2
 * @param lines every row and column, where asked for; empty for rank below 2
 */
public record TensorAudit(
        String name,
        TensorShape shape,
        DType dtype,
        StoredOrder stored,
        String baselineName,
        String reason,
        Figures figures,
        Optional<Provenance> provenance,
        OptionalLong deadInputs,
        OptionalLong deadUnits,
        Optional<MovedLines> lines) {

    /** {@return whether it was compared} */
    public boolean audited() {
        return reason.isEmpty();
    }

    /** {@return how many elements it has} */
    public long elements() {
        return shape.elements();
    }

    /** {@return how many elements moved, one figure for each threshold} */
    public List<Long> movedAt() {
        return figures.movedAt();
    }

    /** {@return how many elements moved at the first threshold} */
    public long moved() {
        return audited() ? figures.moved() : 0;
    }

    /** {@return moved elements in per cent of all; 0 for an empty tensor} */
    public double movedPercent() {
        return figures.percent(moved());
    }

    /** {@return Pearson's correlation of w and w0, where the initial values are drawn} */
    public OptionalDouble correlation() {
        return figures.correlation();
    }
}
