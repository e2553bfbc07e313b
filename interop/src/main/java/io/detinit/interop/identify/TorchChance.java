package io.detinit.interop.identify;

/**
 * How likely a correlation is by chance.
 *
 * <p>With h the weights and u the standardised values of draws that have nothing to do with them, z = (h . u) / |h| exceeds t > 0
 * with a probability of at most exp(-t^2 / 2), whatever the weights: uniform and normal values are strictly
 * sub-Gaussian (Arbel, Marchal and Nguyen, "On strict sub-Gaussianity, optimal proxy variance and symmetric beta random variables", ESAIM:
 * Probability and Statistics 24, 2020). The bound is used in place of the normal tail, which it exceeds t sqrt(2 pi) times.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchChance {

    /** A corrected probability below this is no chance. */
    static final double PROOF = 1e-6;

    private TorchChance() {}

    /**
     * The probability that the best of many correlations is at least this by chance.
     *
     * @param z the correlation times the root of the number of weights
     * @param tries how many places, seeds and layouts were tried, >= 1
     * @return the bound, at most 1; 0 where it underflows
     */
    static double of(double z, double tries) {
        return z <= 0 ? 1 : Math.min(1, Math.exp(Math.log(tries) - 0.5 * z * z));
    }

    /**
     * The probability that as many float32 or float64 weights have the bits of initial values by chance. Two values of a distribution that
     * takes 2^24 or more agree with a probability of 2^-24 or less; 2^-22 is reckoned with, for those of normals that lie closer.
     *
     * @param identical how many have
     * @param weights how many there are
     * @return the bound, at most 1; 0 where it underflows
     */
    static double ofBits(long identical, long weights) {
        double expected = weights * 0x1p-22;
        double bound = 1;
        for (long k = 1; k <= identical && bound > 0; k++) {
            bound *= expected / k;
        }
        return Math.min(1, bound);
    }
}
