package io.detinit.interop.audit;

import java.util.List;

/**
 * What an audit found. Totals are over audited tensors: floating-point parameters, biases and norm scales included.
 *
 * @param thresholds as given; {@code moved} follows the first
 * @param tensors one entry for each tensor of the file, in file order
 * @param provenance whether the initial values belong to the file
 */
public record AuditReport(List<Threshold> thresholds, List<TensorAudit> tensors, Provenance provenance) {

    /** Copies the lists. */
    public AuditReport {
        thresholds = List.copyOf(thresholds);
        tensors = List.copyOf(tensors);
    }

    /** {@return how many elements were audited} */
    public long elements() {
        return audited().mapToLong(TensorAudit::elements).sum();
    }

    /** {@return how many audited elements moved at the first threshold} */
    public long moved() {
        return movedAt(0);
    }

    /**
     * How many audited elements moved.
     *
     * @param threshold the index of the threshold
     * @return the count
     */
    public long movedAt(int threshold) {
        return audited().mapToLong(tensor -> tensor.movedAt().get(threshold)).sum();
    }

    /** {@return moved elements in per cent of the audited ones; 0 where none were audited} */
    public double movedPercent() {
        return elements() == 0 ? 0 : 100.0 * moved() / elements();
    }

    /** {@return unmoved elements in per cent of the audited ones; 0 where none were audited} */
    public double sleepingPercent() {
        return elements() == 0 ? 0 : 100.0 * (elements() - moved()) / elements();
    }

    private java.util.stream.Stream<TensorAudit> audited() {
        return tensors.stream().filter(TensorAudit::audited);
    }
}
