/**
 * What weights without signal would have moved: the record of gradient noise that a training leaves in its model, and thresholds made
 * of it. Depends on {@code interop.file} and the generator. Stable.
 */
@NullMarked
package io.detinit.interop.noise;

import org.jspecify.annotations.NullMarked;
