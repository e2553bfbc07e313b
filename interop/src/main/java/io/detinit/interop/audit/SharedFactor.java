package io.detinit.interop.audit;

/**
 * A factor by which many weights differ from their initial values: what weight decay leaves of weights that training did not
 * need.
 *
 * @param factor w / w0
 * @param share the share of the sampled weights that have it, in [0, 1]
 */
public record SharedFactor(double factor, double share) {

    /** {@return the decay: -ln(factor), about learning rate * weight decay * steps} */
    public double decay() {
        return -Math.log(factor);
    }
}
