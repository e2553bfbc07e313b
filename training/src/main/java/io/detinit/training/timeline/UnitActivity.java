package io.detinit.training.timeline;

/**
 * How many units of a layer never fire: the output of the activation after it is 0 (or below) for every probed sample. A unit of a
 * linear layer is an output; a unit of a convolution is a channel, which must be 0 at every position too.
 *
 * @param layer the name of the last matrix (or kernel) before the activation, such as {@code fc1.weight}; a second activation after
 *     the same one has {@code #2} behind it
 * @param units how many there are, >= 1
 * @param neverFire how many never fire, in [0, units]
 * @param samples how many samples were probed, >= 1
 */
public record UnitActivity(String layer, long units, long neverFire, long samples) {

    /**
     * Checks the counts.
     *
     * @throws IllegalArgumentException if one lies outside its interval
     */
    public UnitActivity {
        if (units < 1 || neverFire < 0 || neverFire > units || samples < 1) {
            throw new IllegalArgumentException(
                    neverFire + " of " + units + " units never fire on " + samples + " samples; that cannot be");
        }
    }

    /** {@return the part of the units that never fire, in [0, 1]} */
    public double share() {
        return (double) neverFire / units;
    }
}
