package io.detinit.interop.mask;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.TensorView;

/**
 * A parameter whose weights are selected in parts, in the order in which its file keeps it.
 *
 * <p>Immutable; safe for use by many threads while the file is open.
 */
public final class RankedTensor {

    /** Weights of a chunk; ranges begin at multiples of it. */
    public static final int CHUNK = ScoreChunk.SIZE;

    private final TensorView stored;
    private final Baseline.Initial initial;
    private final Prunable prunable;

    private RankedTensor(TensorView stored, Baseline.Initial initial) {
        this.stored = stored;
        this.initial = initial;
        this.prunable = new Prunable(stored, initial.storedValues(), initial.order() == StoredOrder.IN_OUT);
    }

    /**
     * A parameter.
     *
     * @param stored its weights as the file keeps them; its name is the one that the whole checkpoint has for it
     * @param initial its initial values
     * @return the parameter
     */
    public static RankedTensor of(TensorView stored, Baseline.Initial initial) {
        return new RankedTensor(stored, initial);
    }

    /** {@return its weights as the file keeps them} */
    public TensorView stored() {
        return stored;
    }

    /** {@return its initial values} */
    public Baseline.Initial initial() {
        return initial;
    }

    /** {@return its name} */
    public String name() {
        return prunable.name();
    }

    /** {@return how many weights it has} */
    public long elements() {
        return prunable.elements();
    }

    /** {@return how many chunks it has; 0 where it has no weights} */
    public long chunks() {
        return (elements() + CHUNK - 1) / CHUNK;
    }

    /** In the order of the file. */
    Prunable prunable() {
        return prunable;
    }

    /** In the logical order, outputs first. */
    Prunable logical() {
        return new Prunable(initial.view(stored), initial.values());
    }
}
