package io.detinit.generator;

import java.io.Serializable;
import java.util.Objects;

/**
 * One entry of an {@link InitPlan}.
 *
 * @param name the parameter's name, as the checkpoint has it
 * @param shape the logical shape, outputs first
 * @param layer the layer id of a random scheme, >= 0; {@link #NO_LAYER} for zeros, ones and constant
 * @param scheme the scheme
 * @param stored which way round the checkpoint keeps it
 */
public record PlannedTensor(String name, TensorShape shape, long layer, Scheme scheme, StoredOrder stored)
        implements Serializable {

    /** The layer of a tensor that uses no address. */
    public static final long NO_LAYER = -1;

    /**
     * Checks the entry.
     *
     * @throws InvalidPlanException if the name is empty, a random scheme has no layer, or the scheme or the stored order does not
     *     fit the shape
     */
    public PlannedTensor {
        Objects.requireNonNull(shape, "shape");
        Objects.requireNonNull(scheme, "scheme");
        stored.requireFits(name, shape);
        if (name.isEmpty()) {
            throw new InvalidPlanException("a tensor of the plan has no name");
        }
        if (scheme.isRandom() && layer < 0) {
            throw new InvalidPlanException("tensor '" + name + "': scheme " + scheme + " needs a layer id >= 0, found "
                    + (layer == NO_LAYER ? "none" : Long.toString(layer)));
        }
        if (!scheme.isRandom()) {
            layer = NO_LAYER;
        }
        try {
            if (shape.elements() > 0) {
                scheme.std(shape);
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidPlanException("tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    /**
     * An entry whose checkpoint keeps the logical shape.
     *
     * @param name the parameter's name, as the checkpoint has it
     * @param shape the shape, outputs first
     * @param layer the layer id of a random scheme, >= 0; {@link #NO_LAYER} for zeros, ones and constant
     * @param scheme the scheme
     * @throws InvalidPlanException as above
     */
    public PlannedTensor(String name, TensorShape shape, long layer, Scheme scheme) {
        this(name, shape, layer, scheme, StoredOrder.OUT_IN);
    }
}
