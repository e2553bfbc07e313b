package io.detinit.interop.noise;

import java.util.List;
import java.util.Optional;

/**
 * What the weights of a training would have moved without signal, predicted from its learning rates, steps, decay and measured gradient
 * noise.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param optimizer the optimizer, for people
 * @param steps updates made, >= 1
 * @param pairs pairs of consecutive gradients from whose differences the noise was measured, >= 1
 * @param decay the factor that weight decay alone left of every initial value, in (0, 1]; 1 without decay
 * @param layers one entry for each trained parameter, in state-dict order
 */
public record NoiseRecord(String optimizer, long steps, long pairs, double decay, List<NoiseLayer> layers) {

    /** The metadata key under which a model carries its record, as {@link NoiseJson} writes it. */
    public static final String KEY = "detinit.noise";

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public NoiseRecord {
        layers = List.copyOf(layers);
        if (steps < 1 || pairs < 1) {
            throw new IllegalArgumentException(
                    "a noise record of " + steps + " steps and " + pairs + " pairs; at least 1 of each is needed");
        }
        if (!(decay > 0 && decay <= 1)) {
            throw new IllegalArgumentException("weight decay leaves a factor in (0, 1] of a weight, found " + decay);
        }
    }

    /**
     * A parameter's entry.
     *
     * @param name the parameter's name in the plan
     * @return its noise; empty where the record has none
     */
    public Optional<NoiseLayer> find(String name) {
        return layers.stream().filter(layer -> layer.name().equals(name)).findFirst();
    }
}
