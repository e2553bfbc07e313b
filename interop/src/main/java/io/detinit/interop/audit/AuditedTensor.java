package io.detinit.interop.audit;

import io.detinit.interop.tensor.TensorView;
import java.util.List;

/**
 * One tensor of an audit that is done in parts: its elements, its initial values and what each threshold came to. It is made once
 * where the whole is known, and again from the same three things wherever a part is audited.
 *
 * <p>Immutable; safe for use by many threads while the file behind it is open.
 */
public final class AuditedTensor {

    /** Elements of a chunk; parts begin at multiples of it. */
    public static final int CHUNK = Auditor.BANDS * ChunkAudit.BAND;

    private final TensorWork work;

    AuditedTensor(TensorWork work) {
        this.work = work;
    }

    /**
     * The tensor in another place than where its thresholds were worked out.
     *
     * @param stored the tensor as the checkpoint has it
     * @param initial what it is compared with
     * @param options the options of the audit
     * @param limits as {@link #limits} gave them
     * @return the same tensor
     * @throws IllegalArgumentException if there is not one limit for each threshold
     */
    public static AuditedTensor of(
            TensorView stored, Baseline.Initial initial, AuditOptions options, List<Double> limits) {
        if (limits.size() != options.thresholds().size()) {
            throw new IllegalArgumentException(limits.size() + " limits for "
                    + options.thresholds().size() + " thresholds; there must be one each");
        }
        return new AuditedTensor(TensorWork.of(initial.view(stored), initial, options, List.copyOf(limits)));
    }

    TensorWork work() {
        return work;
    }

    /** {@return its name in the checkpoint} */
    public String name() {
        return work.view().info().name();
    }

    /** {@return what it is compared with} */
    public Baseline.Initial initial() {
        return work.initial();
    }

    /** {@return what each threshold came to here, in the unit of {@link Figures#limits}} */
    public List<Double> limits() {
        return work.limits();
    }

    /** {@return the number of its elements} */
    public long elements() {
        return work.elements();
    }

    /** {@return the number of its chunks, at least 1} */
    public long chunks() {
        return Math.max(1, (work.elements() + CHUNK - 1) / CHUNK);
    }

    /** {@return its rows: outputs, or 1 where it has fewer than two axes} */
    public long rows() {
        return work.isMatrix() ? work.shape().rows() : Math.min(1, work.elements());
    }

    /** {@return the elements of a row; 0 where there are none} */
    public long cols() {
        return rows() == 0 ? 0 : work.elements() / rows();
    }
}
