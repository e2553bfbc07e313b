/**
 * What happens to every layer while a model is trained: how far it moved from its initial values, its gradients and updates, units
 * that never fire, and warnings; as a record, a file and a listener for DJL's Trainer. Depends on {@code interop} and {@code models},
 * not on the training loop, which uses it. Stable.
 */
@NullMarked
package io.detinit.training.timeline;

import org.jspecify.annotations.NullMarked;
