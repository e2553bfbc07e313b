/**
 * Which weights to keep: criteria, exact selection, masks (1 = keep). Depends on audit. Stable.
 */
@NullMarked
package io.detinit.interop.mask;

import org.jspecify.annotations.NullMarked;
