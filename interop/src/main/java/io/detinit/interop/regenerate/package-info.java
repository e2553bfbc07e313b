/**
 * ONNX models that hold a seed in place of initial weights: {@link io.detinit.interop.regenerate.Regenerator}. Nodes of standard
 * operators compute w0 and put the moved weights into it. Public types are stable.
 */
@NullMarked
package io.detinit.interop.regenerate;

import org.jspecify.annotations.NullMarked;
