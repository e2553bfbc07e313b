package io.detinit.training.timeline;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What went through the layers at a point of training: gradients and updates of the interval before it, and units that never fire. What
 * was not measured, or cannot be, is absent.
 *
 * @param gradients one for each trained parameter, in state-dict order; empty before the first step
 * @param total all trained parameters together; empty where there are no gradients
 * @param units one for each activation with a zero region, in the order of the forward pass; empty where none can be seen
 */
public record Activity(List<TensorGradient> gradients, Optional<TensorGradient> total, List<UnitActivity> units) {

    /** Nothing was measured. */
    public static final Activity NONE = new Activity(List.of(), Optional.empty(), List.of());

    /** Copies the lists. */
    public Activity {
        gradients = List.copyOf(gradients);
        units = List.copyOf(units);
    }

    /**
     * Gradient and updates of a parameter.
     *
     * @param tensor its name
     * @return the figures; empty where there are none
     */
    public Optional<TensorGradient> gradient(String tensor) {
        return gradients.stream().filter(g -> g.tensor().equals(tensor)).findFirst();
    }

    /**
     * The units of a layer.
     *
     * @param layer the name of its matrix
     * @return the figures of the first activation after it; empty where there are none
     */
    public Optional<UnitActivity> units(String layer) {
        return units.stream().filter(u -> u.layer().equals(layer)).findFirst();
    }

    /** {@return the part of all units that never fire, in [0, 1]; empty where no activation can be seen} */
    public OptionalDouble neverFire() {
        long all = units.stream().mapToLong(UnitActivity::units).sum();
        long dead = units.stream().mapToLong(UnitActivity::neverFire).sum();
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) dead / all);
    }
}
