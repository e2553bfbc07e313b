/**
 * Live DJL parameters as tensors to audit. The only package beside interop.export that sees DJL. Stable.
 */
@NullMarked
package io.detinit.interop.djl;

import org.jspecify.annotations.NullMarked;
