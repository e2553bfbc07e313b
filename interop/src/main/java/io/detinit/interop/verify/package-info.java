/**
 * Do two models agree, and how good and fast is one: tensors bit for bit, outputs within a tolerance, accuracy, loss and
 * latency through ONNX Runtime. Depends on {@code interop.file}, {@code interop.tensor} and ONNX Runtime. Public types are
 * stable.
 */
@NullMarked
package io.detinit.interop.verify;

import org.jspecify.annotations.NullMarked;
