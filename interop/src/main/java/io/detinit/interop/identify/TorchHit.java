package io.detinit.interop.identify;

/**
 * A seed and a place on its stream at which a checkpoint's weights fit.
 *
 * @param seed the seed
 * @param layer the path of the module that was tried alone; empty where all modules were tried together, one after the other
 * @param draw the position of its first draw
 * @param correlation of the weights with the initial values there
 * @param weights how many weights it is taken over
 * @param z the correlation times the root of their number
 * @param pValue the probability that any place, seed and layout that was tried fits as well by chance
 */
public record TorchHit(long seed, String layer, long draw, double correlation, long weights, double z, double pValue) {}
