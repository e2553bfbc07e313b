/**
 * Which weights moved: a checkpoint against its regenerated initial values. Depends on tensor and the generator.
 * Stable.
 */
@NullMarked
package io.detinit.interop.audit;

import org.jspecify.annotations.NullMarked;
