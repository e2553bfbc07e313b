/** Models run and compared: accuracy and latency through ONNX Runtime, tensors bit for bit, outputs within a tolerance. Stable. */
@NullMarked
package io.detinit.interop.verify;

import org.jspecify.annotations.NullMarked;
