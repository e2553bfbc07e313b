package io.detinit.interop.audit;

import java.util.List;
import java.util.Optional;

/**
 * What an audit found. Totals are over audited tensors: floating-point parameters, biases and norm scales included.
 *
 * @param options what was looked at
 * @param tensors one entry for each tensor of the file, in file order
 * @param total the figures of all audited tensors together
 * @param provenance whether the initial values belong to the file
 * @param suspectedDecay where no weight kept its initial value: what uniform factor the least moved weights share; empty where
 *     none shows or decay was undone
 * @param notes one line for each thing that a reader should know
 */
public record AuditReport(
        AuditOptions options,
        List<TensorAudit> tensors,
        Figures total,
        Provenance provenance,
        Optional<SharedFactor> suspectedDecay,
        List<String> notes) {

    /** Copies the lists. */
    public AuditReport {
        tensors = List.copyOf(tensors);
        notes = List.copyOf(notes);
    }

    /** {@return the thresholds as given} */
    public List<Threshold> thresholds() {
        return options.thresholds();
    }

    /** {@return how many elements were audited} */
    public long elements() {
        return total.elements();
    }

    /** {@return how many audited elements moved at the first threshold} */
    public long moved() {
        return total.moved();
    }

    /**
     * How many audited elements moved.
     *
     * @param threshold the index of the threshold
     * @return the count
     */
    public long movedAt(int threshold) {
        return total.movedAt().get(threshold);
    }

    /** {@return moved elements in per cent of the audited ones; 0 where none were audited} */
    public double movedPercent() {
        return total.movedPercent();
    }

    /** {@return unmoved elements in per cent of the audited ones; 0 where none were audited} */
    public double sleepingPercent() {
        return total.sleepingPercent();
    }
}
