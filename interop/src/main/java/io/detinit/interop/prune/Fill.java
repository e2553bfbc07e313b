package io.detinit.interop.prune;

import io.detinit.generator.TensorInit;
import io.detinit.interop.mask.Mask;
import java.util.Arrays;
import java.util.Locale;

/** What stands where a weight was pruned. */
public enum Fill {
    /** 0: what a runtime could skip. It changes the network, since an unmoved weight still contributes w0 * x. */
    ZERO,
    /** The initial weight w0: what a file need not hold, since the seed gives it back. */
    INIT,
    /**
     * w0, but 0 where the weight was moving towards zero (|w| < |w0|): the mask-0 action of Zhou et al. 2019, "Deconstructing
     * Lottery Tickets".
     */
    INIT_OR_ZERO;

    /** {@return the name on the command line} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name.
     *
     * @param name as {@link #id} writes it
     * @return the fill
     * @throws IllegalArgumentException if it is unknown; the message lists the known ones
     */
    public static Fill parse(String name) {
        for (Fill fill : values()) {
            if (fill.id().equals(name)) {
                return fill;
            }
        }
        throw new IllegalArgumentException("unknown fill '" + name + "'; known: "
                + String.join(", ", Arrays.stream(values()).map(Fill::id).toList()));
    }

    /**
     * Prunes an array.
     *
     * @param weights the trained weights, row-major; not changed
     * @param mask 1 = keep
     * @param init their initial values
     * @return a copy in which every weight that the mask does not keep is 0 or its initial value, as this fill says
     * @throws IllegalArgumentException if the sizes differ
     */
    public float[] apply(float[] weights, Mask mask, TensorInit init) {
        if (weights.length != mask.size() || weights.length != init.shape().elements()) {
            throw new IllegalArgumentException(weights.length + " weights, a mask of " + mask.size()
                    + " and initial values of " + init.shape().elements() + " do not belong together");
        }
        float[] filled = this == ZERO ? new float[weights.length] : init.toArray();
        for (int k = 0; k < weights.length; k++) {
            if (mask.keeps(k)) {
                filled[k] = weights[k];
            } else if (zeroes(weights[k], filled[k])) {
                filled[k] = 0;
            }
        }
        return filled;
    }

    /**
     * Whether a pruned weight becomes 0.
     *
     * @param w the trained weight
     * @param w0 its initial value
     * @return true where it does, false where it goes back to w0
     */
    boolean zeroes(double w, double w0) {
        return this == ZERO || (this == INIT_OR_ZERO && Math.abs(w) < Math.abs(w0));
    }

    /** {@return whether the initial values are needed} */
    public boolean needsInit() {
        return this != ZERO;
    }
}
