/** Optimizers whose state can be kept and given back, and schedules of the learning rate. Stable. */
@NullMarked
package io.detinit.training.optimizer;

import org.jspecify.annotations.NullMarked;
