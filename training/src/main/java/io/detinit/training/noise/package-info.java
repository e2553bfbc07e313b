/**
 * Gradient noise: what weights without signal would have moved, measured while a model is trained, and checks of the thresholds made of
 * it. Stable.
 */
@NullMarked
package io.detinit.training.noise;

import org.jspecify.annotations.NullMarked;
