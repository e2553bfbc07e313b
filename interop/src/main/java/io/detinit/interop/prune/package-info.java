/**
 * Pruned checkpoints: what stands where a weight was pruned, and writing it in the format that came in. Stable.
 */
@NullMarked
package io.detinit.interop.prune;

import org.jspecify.annotations.NullMarked;
