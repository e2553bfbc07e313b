/**
 * The training loop over DJL's PyTorch engine, and what it writes: checkpoints, history, run card. Stable.
 */
@NullMarked
package io.detinit.training;

import org.jspecify.annotations.NullMarked;
