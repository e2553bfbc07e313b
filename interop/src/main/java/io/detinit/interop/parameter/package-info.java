/**
 * A checkpoint's parameters as PyTorch would name and lay them out, whatever the format did to them, and the plan assumed where
 * a file carries none. Depends on interop.tensor, interop.plan and interop.onnx. Stable.
 */
@NullMarked
package io.detinit.interop.parameter;

import org.jspecify.annotations.NullMarked;
