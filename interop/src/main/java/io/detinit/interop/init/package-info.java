/**
 * Writes untrained checkpoints: a template with every parameter replaced by its initial value. Depends on {@code interop.tensor}
 * and the generator. Stable.
 */
@NullMarked
package io.detinit.interop.init;

import org.jspecify.annotations.NullMarked;
