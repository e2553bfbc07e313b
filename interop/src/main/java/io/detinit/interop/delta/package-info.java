/**
 * Delta checkpoints: the plan of the initial weights, a mask, and the weights that training moved, in one safetensors file; and
 * the way back to a checkpoint. Depends on {@code interop.checkpoint}, {@code interop.mask} and what is below them. Stable.
 */
@NullMarked
package io.detinit.interop.delta;

import org.jspecify.annotations.NullMarked;
